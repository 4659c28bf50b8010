import { createHash } from 'node:crypto'

/** Larger packages, in KiB as `Installed-Size` counts, are mostly data; Debian's carriers are taken whatever their size. */
const MOST_INSTALLED = 60 * 1024
/** Packages for debugging, for developing and of texts: they hold no program that somebody runs. */
const NO_PROGRAMS =
  /-(?:dbg|dbgsym|debug|dev|doc|docs|docs?-[a-z]+|prof)$|^fonts-|-(?:l10n|i18n|langpack|locales?)(?:-|$)/
const NO_PROGRAM_SECTIONS = new Set(['debug', 'doc', 'fonts', 'libdevel', 'localization', 'metapackages'])

/** The packages of a package list as `apt-cache dumpavail` prints it, by name; the later of two stanzas of a name is left out. */
export function parsePackages(text, controlFields) {
  const found = new Map()
  for (const stanza of text.split(/\n\n+/)) {
    const fields = controlFields(stanza)
    const name = fields.get('Package')
    const sha256 = fields.get('SHA256')
    if (name === undefined || sha256 === undefined || found.has(name)) continue
    const version = fields.get('Version')
    const [, source = name, sourceVersion = version] = /^(\S+)(?: \((\S+)\))?$/.exec(fields.get('Source') ?? '') ?? []
    found.set(name, {
      name,
      version,
      architecture: fields.get('Architecture'),
      source,
      sourceVersion,
      sha256,
      size: Number(fields.get('Size')),
      installed: Number(fields.get('Installed-Size') ?? 0),
      section: (fields.get('Section') ?? '').replace(/^.*\//, ''),
    })
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Whether a package of this architecture may hold programs, as its name and section say. */
export function mayHoldPrograms({ name, architecture, section }, wanted = 'amd64') {
  return architecture === wanted && !NO_PROGRAMS.test(name) && !NO_PROGRAM_SECTIONS.has(section)
}

/** The place of a name in the draw, from 0 to 1: the first six bytes of its sha256. */
export function placeOf(name) {
  return createHash('sha256').update(name).digest().readUIntBE(0, 6) / 2 ** 48
}

/**
 * All packages in the order of the draw, by the sha256 of their names, so that nobody chose them: as many are taken, from
 * the start, as give the wanted number of packages with programs.
 */
export function drawOrder(packages) {
  return packages
    .filter((one) => mayHoldPrograms(one) && one.installed <= MOST_INSTALLED)
    .map((one) => ({ one, place: placeOf(one.name) }))
    .sort((a, b) => a.place - b.place)
    .map(({ one }) => one)
}

/** The packages of the sources that Debian's list names as carriers, by name. */
export function carrierPackages(packages, known) {
  const sources = new Set(Object.values(known).flat())
  return packages.filter((one) => mayHoldPrograms(one) && sources.has(one.source))
}
