import { DetectorError, hex } from '../errors.ts'
import type { Evidence, FileReport, Match, Report, UnitMatch } from '../model.ts'
import { escapeText, shellWord } from '../report/escape.ts'
import { count, fileText, presenceText, SOURCE_NAMES, versionText } from '../report/words.ts'

const KNOWN_MEANING = 'the file itself was indexed as a build of this release, so that nothing was to be concluded'

const SNIPPET_MEANING = 'a source file or two of it, or a part of one, was copied into this file'

const ROLE_MEANING = {
  embedded: "its code is in this file, as a copy or because the file is the component's own library or program",
  linked: 'only imported: its code is in another file',
  mentioned: 'only a name or a version text: nothing shows that its code is here',
} as const

/** Names offered when the asked one is not there; a terminal line holds about as many. */
const NAMES_OFFERED = 20

/**
 * Tells a person why the report claims the component, from the report alone: the version and its reason, each piece of
 * evidence with the command that shows its bytes, the units, and what speaks against it. Ends with a newline.
 *
 * `component` may differ in case and punctuation from the catalog's name, or be the name of its purl or CPE. A file that
 * holds several copies is explained copy by copy.
 *
 * @throws DetectorError `USAGE` when the report has no such file or the file no such component, naming those it has;
 * `INPUT_UNREADABLE` when the file was not read
 */
export function explain(report: Report, path: string, component: string): string {
  const file = findFile(report, path)
  const matches = findMatches(file, component)
  const stories = matches.map((match, index) => story(file, match, copyNote(index, matches.length)))
  return `${stories.join('\n\n')}\n`
}

function findFile(report: Report, path: string): FileReport {
  const wanted = plainPath(path)
  const file = report.files.find((candidate) => plainPath(candidate.path) === wanted)
  if (file !== undefined) return file
  const unknown = report.unknowns.find((candidate) => plainPath(candidate.path) === wanted)
  if (unknown !== undefined)
    throw new DetectorError('INPUT_UNREADABLE', `${path} was not read: ${unknown.message} (${unknown.code})`, {
      locus: { path },
    })
  const paths = report.files.map((candidate) => candidate.path)
  throw new DetectorError('USAGE', `the report has no file ${path}; it has ${offer(paths)}`)
}

/** `./a/b` and `a//b` name the same file as `a/b`. */
function plainPath(path: string): string {
  return path.replace(/\/(\.?\/)+/g, '/').replace(/^(\.\/)+/, '')
}

function findMatches(file: FileReport, component: string): readonly Match[] {
  const wanted = plainName(component)
  for (const namesOf of [nameOnly, purlAndCpeNames]) {
    const matches = file.components.filter((match) => namesOf(match).some((name) => plainName(name) === wanted))
    if (matches.length > 0) return matches
  }
  const names = [...new Set(file.components.map((match) => match.name))]
  throw new DetectorError('USAGE', `${file.path} holds no component ${component}; it has ${offer(names)}`)
}

function nameOnly(match: Match): readonly string[] {
  return [match.name]
}

/** The last part of the purl's path and the CPEs' products: names other tools use for the same component. */
function purlAndCpeNames(match: Match): readonly string[] {
  const purlName = match.purl.replace(/[@?#].*$/, '').replace(/^.*\//, '')
  return [purlName, ...match.cpes.map((cpe) => cpe.split(':')[4] ?? '')]
}

/** `LibPNG`, `libpng` and `png` are one name; so are `nghttp2` and `ng-http2`. */
function plainName(name: string): string {
  const letters = name.toLowerCase().replace(/[^a-z0-9+]/g, '')
  return letters.length > 'lib'.length && letters.startsWith('lib') ? letters.slice('lib'.length) : letters
}

function offer(names: readonly string[]): string {
  if (names.length === 0) return 'none'
  const shown = names.slice(0, NAMES_OFFERED).join(', ')
  return names.length > NAMES_OFFERED ? `${shown} and ${names.length - NAMES_OFFERED} more` : shown
}

function copyNote(index: number, copies: number): string {
  return copies === 1 ? '' : ` (copy ${index + 1} of ${copies})`
}

function story(file: FileReport, match: Match, copy: string): string {
  const paragraphs = [
    [
      `${escapeText(match.name)} ${versionText(match.version)} in ${escapeText(file.path)}${copy}`,
      `  file        ${fileText(file)}, sha256 ${escapeText(file.sha256)}`,
      `  role        ${presenceText(match)}: ${meaningOf(match)}`,
      `  confidence  ${match.confidence}`,
      `  purl        ${escapeText(match.purl)}`,
      ...match.cpes.map((cpe) => `  cpe         ${escapeText(cpe)}`),
    ],
    ['Version', ...versionReasons(match).map((line) => `  ${line}`)],
    ['Why not the releases next to it', ...neighbourLines(match)],
    ['Units (fingerprints found of those that the likeliest release has)', ...unitLines(match.units)],
    [evidenceTitle(match), ...match.evidence.flatMap((evidence) => evidenceLines(evidence, file.path))],
    ['Changed since the release', ...modifiedLines(match, file.path)],
    ['What the file says of itself', ...contradictionLines(file, match.name)],
    ['Against', ...againstLines(match)],
  ]
  return paragraphs
    .filter((lines) => lines.length > 1)
    .map((lines) => lines.join('\n'))
    .join('\n\n')
}

function meaningOf({ role, origin, method }: Match): string {
  if (method !== 'fingerprints') return KNOWN_MEANING
  return role === 'embedded' && origin === 'snippet' ? SNIPPET_MEANING : ROLE_MEANING[role]
}

function versionReasons(match: Match): readonly string[] {
  const { version } = match
  if (version.kind === 'unknown') return [`unknown: ${escapeText(version.reason)}`]
  if (version.kind === 'set') {
    const lines = [
      `one of ${version.versions.length}, best first: ${version.versions.map(escapeText).join(', ')}`,
      `likeliest ${escapeText(version.likeliest)}; what was found does not tell these releases apart`,
    ]
    if (version.orNewer === true)
      lines.push('or newer: the newest indexed release is among them, and a later one would look the same')
    return lines
  }
  const lines = [`exactly ${versionText(version)}`, namedBy(match.evidence, version.version)]
  if (!version.indexed)
    lines.push('this release is not in the database: its name was read from the file, not compared with its prints')
  return lines
}

/** What an exact version rests on: the file itself, a text that spells it, else the fingerprints alone. */
function namedBy(evidence: readonly Evidence[], version: string): string {
  const known = evidence.find(({ kind }) => kind === 'file')
  if (known !== undefined) return `the file itself is known: ${escapeText(known.text)}`
  const speaking = evidence.find(
    ({ kind, text }) => (kind === 'template' || kind === 'literal') && text.includes(version),
  )
  if (speaking === undefined) return 'the fingerprints found fit this release better than every other'
  const source =
    speaking.kind === 'template' ? "a text that carries its own component's version" : 'a bare version text'
  const place = speaking.offset === null ? '' : ` at ${hex(speaking.offset)}`
  return `named by ${source}${place}: "${escapeText(speaking.text)}"`
}

/** What of the fingerprints speaks against each neighbour; where nothing does, the text or the code that decided. */
function neighbourLines({ neighbours, evidence, version }: Match): readonly string[] {
  if (version.kind === 'unknown') return []
  const likeliest = version.kind === 'exact' ? version.version : version.likeliest
  const isSpelt = version.kind === 'exact' && evidence.some(({ kind }) => kind === 'template' || kind === 'literal')
  return neighbours.flatMap(({ version: other, lacks, explains, misses, example }) => {
    const reasons: string[] = []
    if (lacks > 0) reasons.push(`${count(lacks, 'fingerprint')} found that it has not`)
    if (misses > 0) reasons.push(`${misses} more of its strings would be missing`)
    if (explains > 0) reasons.push(`for it ${explains === 1 ? 'speaks' : 'speak'} ${count(explains, 'fingerprint')}`)
    if (reasons.length === 0)
      reasons.push(
        `nothing that was found tells it from ${escapeText(likeliest)}${isSpelt ? ' but the version text' : ''}`,
      )
    const lines = [`  ${escapeText(other)}  ${reasons.join('; ')}`]
    if (example !== undefined) lines.push(`    it has not "${escapeText(example.text)}" ${placeText(example)}`)
    return lines
  })
}

function placeText({ offset, unit }: Evidence): string {
  const place = offset === null ? '' : `at ${hex(offset)}`
  return unit === null ? place : `${place}, ${escapeText(unit)}`
}

function modifiedLines({ modified }: Match, path: string): readonly string[] {
  return modified.flatMap(({ unit, name, offset, length, release }) => [
    `  ${name === null ? 'a function' : `${escapeText(name)}()`} of ${escapeText(unit)} at ${hex(offset)}, ${length} bytes`,
    `    no indexed build has this code; what is around it is that of ${escapeText(release)}`,
    `    ${showCommand(offset, length, path)}`,
  ])
}

function contradictionLines({ contradictions }: FileReport, component: string): readonly string[] {
  return contradictions
    .filter((contradiction) => contradiction.component === component)
    .map(({ source, text, because }) => `  ${SOURCE_NAMES[source]} "${escapeText(text)}": ${escapeText(because)}`)
}

function unitLines(units: readonly UnitMatch[]): readonly string[] {
  if (units.length === 0) return ['  none: no source file of it is recognised here']
  const widest = Math.max(...units.map(({ path }) => escapeText(path).length))
  return units.map(({ path, matched, expected, missing, leastMissing }) => {
    const share = expected === 0 ? '' : `  ${Math.round((100 * matched) / expected)} %`
    return `  ${escapeText(path).padEnd(widest)}  ${matched} of ${expected}${share}${missingText(missing, leastMissing)}`
  })
}

/** What is missing in every release was left out by options, and says nothing. */
function missingText(missing: number, leastMissing: number): string {
  if (missing === 0) return ''
  if (missing <= leastMissing) return `, ${count(missing, 'string')} missing, as in every release`
  return `, ${count(missing, 'string')} missing, ${missing - leastMissing} more than of the release that misses fewest`
}

function evidenceTitle(match: Match): string {
  const bits = match.evidence.reduce((sum, { bits }) => sum + bits, 0)
  const strongest = match.units.length > 0 ? ', the strongest hits' : ''
  return `Evidence (${count(match.evidence.length, 'piece')}${strongest}, ${bits.toFixed(1)} bits together)`
}

function evidenceLines(evidence: Evidence, path: string): readonly string[] {
  const place = evidence.offset === null ? 'no place in the file' : `${hex(evidence.offset)}, ${evidence.length} bytes`
  const unit = evidence.unit === null ? '' : `, ${escapeText(evidence.unit)}`
  const lines = [
    `  ${evidence.kind} at ${place}${unit}, ${evidence.bits.toFixed(1)} bits${sharing(evidence)}`.replace(
      ' at no place',
      ', no place',
    ),
    `    "${escapeText(evidence.text)}"`,
  ]
  if (evidence.releases !== undefined && evidence.releases.length > 0)
    lines.push(`    in releases ${evidence.releases.map(escapeText).join(', ')}`)
  if (evidence.offset !== null) lines.push(`    ${showCommand(evidence.offset, evidence.length, path)}`)
  return lines
}

/** Most of what is found belongs to one component: only sharing is worth a word. */
function sharing({ components = 1 }: Evidence): string {
  return components > 1 ? `, shared by ${count(components, 'component')}` : ''
}

function showCommand(offset: number, length: number, path: string): string {
  return `xxd -s ${hex(offset)} -l ${length} ${shellWord(path)}`
}

function againstLines(match: Match): readonly string[] {
  const lines = match.against.map((sentence) => `  ${escapeText(sentence)}`)
  return lines.length > 0 ? lines : ['  nothing that was looked for']
}
