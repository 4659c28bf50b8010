import { controlFields } from '../../archive/deb.ts'
import { DetectorError } from '../../errors.ts'
import type { Diversion, InstalledPackage, PackageSource } from './package-facts.ts'

/**
 * The packages of dpkg's status file that are installed; those of which only configuration is left are not. A stanza without
 * status, as distroless images have one in a file of its own, is of an installed package.
 *
 * @see Debian Policy, 5.1 "Syntax of control files"; dpkg(1), "Package states"
 */
export function parseDpkgStatus(text: string): InstalledPackage[] {
  const packages: InstalledPackage[] = []
  for (const stanza of text.split(/\n[ \t\r]*\n/)) {
    const fields = controlFields(stanza)
    const name = fields.get('Package')
    const version = fields.get('Version')
    const status = fields.get('Status')
    if (name === undefined || version === undefined || (status !== undefined && !/ installed$/.test(status))) continue
    const architecture = fields.get('Architecture') ?? null
    packages.push({ kind: 'deb', name, version, architecture, ...sourceOf(fields.get('Source'), name, version) })
  }
  return packages
}

/** `name (version)`; each part is left out where it is that of the package. */
function sourceOf(field: string | undefined, name: string, version: string): PackageSource {
  const [, source = name, sourceVersion = version] = /^(\S+)(?:\s+\(([^)]*)\))?/.exec(field ?? '') ?? []
  return { source, sourceVersion }
}

/** The paths of a `.list` file, without folders that another path is in. Folders come before what they hold. */
export function parseDpkgList(text: string): string[] {
  const lines = text.split('\n').filter((line) => line.startsWith('/') && line !== '/.')
  return lines.filter((line, i) => !isWithin(lines[i + 1], line)).map((line) => line.slice(1))
}

function isWithin(path: string | undefined, folder: string): boolean {
  return path !== undefined && path.length > folder.length && path[folder.length] === '/' && path.startsWith(folder)
}

/** The paths of a `.md5sums` file, which distroless images have in place of lists: `checksum  path`. */
export function parseMd5sums(text: string): string[] {
  return text.split('\n').flatMap((line) => {
    const path = /^[0-9a-f]{32} [ *](?:\.?\/)?(.+)$/.exec(line)?.[1]
    return path === undefined ? [] : [path]
  })
}

/**
 * The file of diversions: three lines each, the path, where it is moved to, and the package that does so or `:`.
 *
 * @throws DetectorError `FORMAT_CORRUPT`
 */
export function parseDiversions(text: string): Diversion[] {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop()
  const diversions: Diversion[] = []
  for (let i = 0; i < lines.length; i += 3) {
    const [from = '', to = '', by = ''] = lines.slice(i, i + 3)
    if (!from.startsWith('/') || !to.startsWith('/') || by === '')
      throw new DetectorError(
        'FORMAT_CORRUPT',
        `need two paths and a package from line ${i + 1} of dpkg's diversions on`,
      )
    diversions.push({ from: from.slice(1), to: to.slice(1), package: by === ':' ? null : by })
  }
  return diversions
}
