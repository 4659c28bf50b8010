import { checkLimit, type Limits } from '../../bytes/limits.ts'
import type { OwnedPaths } from './package-facts.ts'

/**
 * The packages and paths of apk's database of installed packages: blocks of lines `X:value`, of which `F:` names a folder and
 * `R:` a file in it.
 *
 * @throws DetectorError `LIMIT_EXCEEDED` for paths of more than `limits.packageDatabaseBytes` in sum
 * @see Alpine wiki, "Apk spec", "Installed database"
 */
export function parseApkInstalled(text: string, limits: Limits): OwnedPaths[] {
  const packages: OwnedPaths[] = []
  let total = 0
  for (const block of text.split(/\n\n+/)) {
    const fields = new Map<string, string>()
    const paths: string[] = []
    let folder = ''
    for (const line of block.split('\n')) {
      const value = line.slice(2)
      if (line[1] !== ':') continue
      if (line[0] === 'F') folder = value === '' ? '' : `${value}/`
      else if (line[0] === 'R') {
        total += folder.length + value.length
        checkLimit(limits, 'packageDatabaseBytes', total)
        paths.push(folder + value)
      } else if (!fields.has(line.slice(0, 1))) fields.set(line.slice(0, 1), value)
    }
    const [name, version] = [fields.get('P'), fields.get('V')]
    if (name === undefined || version === undefined) continue
    const source = fields.get('o') ?? null
    const architecture = fields.get('A') ?? null
    // All packages of one origin are built at once, and have its version.
    const sourceVersion = source === null ? null : version
    packages.push({ package: { kind: 'apk', name, version, architecture, source, sourceVersion }, paths })
  }
  return packages
}
