import type {
  FileReport,
  ImageReport,
  ImageSource,
  Match,
  Report,
  Role,
  Shadow,
  UnitMatch,
  Unknown,
  VersionEstimate,
} from '../model.ts'
import { cut, escapeText } from './escape.ts'
import { count, fileText, presenceText, SOURCE_NAMES, versionText } from './words.ts'

/** How a report is laid out for a terminal. */
export interface TableOptions {
  /** Use ANSI colours. */
  readonly colour: boolean
  /** Characters per line; the reasons are cut to fit. `Infinity` cuts nothing. */
  readonly width: number
}

/** Of the text of the best evidence; the rest is `explain`'s business. */
const EVIDENCE_CHARACTERS = 60
/** `sha256:` and twelve digits tell layers apart, as in Docker's own lists. */
const DIGEST_CHARACTERS = 19
/** Narrower than this a reason says nothing, so it is left out. */
const REASON_MIN_WIDTH = 12
const INDENT = '  '
const GAP = '  '

/** SGR codes. `util.styleText` is not used because from Node 22 on it asks the environment instead of its caller. */
const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const
type Style = keyof typeof STYLES
type Paint = (style: Style, text: string) => string

const GROUPS: readonly { readonly role: Role; readonly title: string }[] = [
  { role: 'embedded', title: '' },
  { role: 'linked', title: 'only linked, the code is elsewhere:' },
  { role: 'mentioned', title: 'only mentioned:' },
]

interface Row {
  readonly name: string
  readonly version: string
  readonly confidence: string
  readonly presence: string
  /** The presence names units, whose paths may be long: other rows need not keep the space. */
  readonly isWide: boolean
  readonly reason: string
  readonly style: Style
}

/**
 * The report for a terminal: a block per file with a row per component, then what is not known.
 *
 * Names and texts of scanned files are escaped. Of several files, those without components are only counted.
 */
export function toTable(report: Report, options: TableOptions): string {
  const paint: Paint = options.colour ? (style, text) => `\u001b[${STYLES[style]}m${text}\u001b[0m` : (_, text) => text
  const silent = report.files.filter(saysNothing)
  const shown = report.files.length === 1 ? report.files : report.files.filter((file) => !saysNothing(file))
  const { source, image } = report
  const head = source === null || image === null ? [] : [imageBlock(source, image, options.width, paint)]
  const blocks = [...head, ...shown.map((file) => fileBlock(file, options.width, paint))]
  if (report.unknowns.length > 0) blocks.push(unknownBlock(report.unknowns, paint))
  blocks.push(summary(report, report.files.length === 1 ? 0 : silent.length, paint))
  return `${blocks.join('\n\n')}\n`
}

function saysNothing({ components, contradictions }: FileReport): boolean {
  return components.length === 0 && contradictions.length === 0
}

function fileBlock(file: FileReport, width: number, paint: Paint): string {
  const lines = [`${paint('bold', escapeText(file.path))}${GAP}${paint('dim', fileNotes(file))}`]
  if (file.components.length === 0) lines.push(`${INDENT}no known component`)
  const rows = new Map(file.components.map((match) => [match, rowOf(match)]))
  const widths = columnWidths([...rows.values()])
  for (const { role, title } of GROUPS) {
    const members = file.components.filter((match) => match.role === role)
    if (members.length > 0 && title !== '') lines.push(`${INDENT}${paint('dim', title)}`)
    for (const match of members) {
      const row = rows.get(match)
      if (row !== undefined) lines.push(rowLine(row, widths, width, paint))
    }
  }
  for (const { source, text, because } of file.contradictions)
    lines.push(noteLine(`${SOURCE_NAMES[source]} "${text}"`, because, width, paint))
  for (const match of file.components)
    if (match.modified.length > 0) lines.push(noteLine(`changed in ${match.name}`, modifiedText(match), width, paint))
  return lines.join('\n')
}

/** What the file says and its code denies, and what was changed, is not to be overlooked. */
function noteLine(what: string, text: string, width: number, paint: Paint): string {
  return INDENT + paint('yellow', cut(`! ${escapeText(what)}: ${escapeText(text)}`, width - INDENT.length))
}

function modifiedText({ modified }: Match): string {
  const names = modified.map(({ name, unit }) => `${name === null ? 'a function' : `${name}()`} of ${unit}`)
  return `${names.join(', ')}: not as in any indexed build of ${modified[0]?.release ?? ''}`
}

function fileNotes(file: FileReport): string {
  const { owner, layerIndex, shadowedBy } = file
  const owned = owner === null ? '' : `, owned by ${escapeText(`${owner.name} ${owner.version}`)}`
  const layer = layerIndex === null ? '' : `, layer ${layerIndex}`
  const shadowed = shadowedBy === null ? '' : `, shadowed: ${shadowText(shadowedBy)}`
  return `${fileText(file)}${owned}${layer}${shadowed}`
}

function shadowText({ cause, layerIndex }: Shadow): string {
  if (cause === 'replaced') return `replaced by layer ${layerIndex}`
  return `${cause === 'whiteout' ? 'deleted' : 'hidden with its directory'} by layer ${layerIndex}`
}

/** What the image is, and its layers by the numbers that the files have. */
function imageBlock(source: ImageSource, image: ImageReport, width: number, paint: Paint): string {
  const platform = image.platform === null ? '' : `${GAP}${paint('dim', escapeText(image.platform))}`
  const lines = [`${paint('bold', escapeText(source.reference))}${platform}`]
  for (const [index, { diffId, createdBy }] of image.layers.entries()) {
    const digest = diffId === null ? '' : `${GAP}${escapeText(diffId.slice(0, DIGEST_CHARACTERS))}`
    const line = createdBy === null ? '' : `${GAP}${escapeText(createdBy)}`
    if (digest !== '') lines.push(INDENT + paint('dim', cut(`layer ${index}${digest}${line}`, width - INDENT.length)))
  }
  return lines.join('\n')
}

function rowOf(match: Match): Row {
  return {
    name: escapeText(match.name),
    version: versionText(match.version),
    confidence: match.confidence.toFixed(2),
    presence: isSnippet(match) ? snippetText(match) : presenceText(match),
    isWide: isSnippet(match),
    reason: reasonText(match),
    style: styleOf(match.version),
  }
}

function styleOf(version: VersionEstimate): Style {
  if (version.kind === 'exact') return 'green'
  return version.kind === 'set' ? 'yellow' : 'dim'
}

/** Which files were copied, and how much of them is there, is what a snippet is: it must not be cut as a reason may be. */
function isSnippet({ role, origin, method, units }: Match): boolean {
  return role === 'embedded' && origin === 'snippet' && method === 'fingerprints' && units.length > 0
}

/** `embedded (snippet: inflate.c, 40 of 42)`; a snippet is of one unit or two. */
function snippetText({ role, own, origin, units }: Match): string {
  const paths = units.map(({ path }) => escapeText(path)).join(' and ')
  return `${own ? 'own' : role} (${origin}: ${paths}, ${shareText(units)})`
}

/** Why the claim is made, in one phrase: units with their fingerprints found of expected, and the best evidence. */
function reasonText(match: Match): string {
  const parts: string[] = []
  const [best] = match.evidence
  // The file itself is known, and the text says by what: how many of its units are recognised is beside the point.
  if (best?.kind === 'file') return escapeText(best.text)
  const [first] = match.units
  if (!isSnippet(match) && first !== undefined) {
    const where = match.units.length === 1 ? escapeText(first.path) : `${match.units.length} units`
    parts.push(`${shareText(match.units)} in ${where}`)
  }
  if (best !== undefined) parts.push(`${best.kind} "${cut(escapeText(best.text), EVIDENCE_CHARACTERS)}"`)
  return parts.join(', ')
}

/** `40 of 42`: fingerprints of the units found, of those expected. */
function shareText(units: readonly UnitMatch[]): string {
  const matched = units.reduce((sum, unit) => sum + unit.matched, 0)
  const expected = units.reduce((sum, unit) => sum + unit.expected, 0)
  return `${matched} of ${expected}`
}

interface Widths {
  readonly name: number
  readonly version: number
  readonly presence: number
}

function columnWidths(rows: readonly Row[]): Widths {
  const widest = (column: (row: Row) => string): number => Math.max(0, ...rows.map((row) => column(row).length))
  return {
    name: widest((row) => row.name),
    version: widest((row) => row.version),
    presence: widest((row) => (row.isWide ? '' : row.presence)),
  }
}

function rowLine(row: Row, widths: Widths, width: number, paint: Paint): string {
  const name = row.name.padEnd(widths.name)
  const version = row.version.padEnd(widths.version)
  const before = [INDENT + name, version, row.confidence, ''].join(GAP).length
  const presence = presenceCell(row, widths.presence, width - before)
  const left = width - before - presence.length - GAP.length
  const reason = left < REASON_MIN_WIDTH ? '' : cut(row.reason, left)
  const cells = [INDENT + paint('bold', name), paint(row.style, version), row.confidence, presence]
  if (reason === '') return cells.join(GAP).trimEnd()
  return [...cells, paint('dim', reason)].join(GAP)
}

/** Units are cut only where the terminal ends, and never so far that what they are units of is cut as well. */
function presenceCell({ presence, isWide }: Row, width: number, room: number): string {
  return isWide ? cut(presence, Math.max(room, presence.indexOf(':') + 1)) : presence.padEnd(width)
}

function unknownBlock(unknowns: readonly Unknown[], paint: Paint): string {
  const lines = [paint('red', `not read, wholly or in part (${unknowns.length}):`)]
  for (const { path, code, message } of unknowns)
    lines.push(`${INDENT}${escapeText(path)}${GAP}${escapeText(code)}${GAP}${escapeText(message)}`)
  return lines.join('\n')
}

function summary(report: Report, silent: number, paint: Paint): string {
  const matches = report.files.flatMap((file) => file.components)
  const roles = GROUPS.map(({ role }) => ({ role, number: matches.filter((match) => match.role === role).length }))
  const parts = [`${count(report.files.length, 'program')} read`]
  for (const { role, number } of roles) if (number > 0 || role === 'embedded') parts.push(`${number} ${role}`)
  if (silent > 0) parts.push(`${silent} without a known component`)
  if (report.unknowns.length > 0) parts.push(`${report.unknowns.length} unknown`)
  if (report.skipped > 0) parts.push(`${count(report.skipped, 'other file')} skipped`)
  const { components, releases } = report.database
  const database = `database: ${count(components, 'component')}, ${count(releases, 'release')}`
  return `${parts.join(', ')} ${paint('dim', `(${database})`)}`
}
