import { groupBy } from '../snippets/score.mjs'
import { table } from '../snippets/tables.mjs'
import { versionWords } from './findings.mjs'

/** Samples shown of a finding; the JSON has one more. */
const SAMPLES_SHOWN = 2
/** Unknowns listed by name. */
const UNKNOWNS_LISTED = 40

/** The result as Markdown. `escapeText` makes texts of foreign programs harmless. */
export function toMarkdown(result, escapeText) {
  const { findings, database } = result
  const carriers = new Set(findings.map((finding) => finding.package))
  return [
    '# Census of embedded copies',
    '',
    `\`${result.command}\`; binprint ${result.tool}, database ${database.digest} (${database.components} components, ${database.releases} releases). How to read it: bench/README.md.`,
    '',
    `Debian ${result.suite}, amd64: ${result.drawn} packages drawn by the sha256 of their names (below ${result.threshold.toFixed(5)} of its range), of which ${result.drawnWithPrograms} hold programs, and all packages of the sources that Debian’s list of embedded code copies names.`,
    '',
    ...table(
      ['what', 'number'],
      [
        ['packages read', result.packages],
        ['packages with programs', result.withPrograms],
        ['programs (ELF)', result.programs],
        ['MB of programs', Math.round(result.bytes / 1e6)],
        ['unknowns', result.unknowns.length],
        ['packages that could not be had', result.missing.length],
        ['seconds of CPU, unpacking by other processes apart', result.cpuSeconds],
        ['packages that hold an embedded copy', carriers.size],
        ['findings', findings.length],
        ['findings that Debian’s list names', findings.filter(({ named }) => named).length],
      ],
    ),
    '',
    '## What to make of a finding',
    '',
    'A finding says that a good share of at least one source file of the component is in the program: as text, as constant data or as',
    'machine code, at the offsets that the evidence names. It does not say that the code is reached, nor that the copy is a fault:',
    'some components are made to be copied (single headers, gnulib), some are compiled in because no package has them, and some are',
    'linked from a static library of Debian’s own. It does say that an update of the component’s package in Debian does not reach',
    'this program, which is why Debian keeps a list. A version that is a set is what the evidence leaves open; distributions',
    'also fix copies without a new version. And it may be wrong: a project that carries an uncatalogued sibling, whose own code',
    'the component once took over, or that implements the same standard, can look like a carrier. `binprint explain` on the file',
    'shows each piece of the evidence; the verdicts below say how often that happened in this census.',
    '',
    '## Components by carriers',
    '',
    ...table(
      ['component', 'source packages', 'packages', 'files', 'whole', 'partial', 'snippet'],
      componentRows(findings),
    ),
    '',
    '## Looked at by hand',
    '',
    ...checkedLines(result.checked),
    '',
    '## Findings',
    '',
    'Of each package and component: the file with the most fingerprints, the number of fingerprints in source files, and two pieces of',
    'evidence. *Listed*: Debian’s list names the source package as a carrier of the component. *By hand*: the verdict of the section above.',
    '',
    ...table(
      ['package', 'file', 'component', 'version', 'origin', 'fingerprints', 'evidence', 'listed', 'by hand'],
      findings.map((finding) => [...findingRow(finding, escapeText), verdictOf(result.checked, finding)]),
    ),
    '',
    '## Debian’s list',
    '',
    ...knownTables(result),
    '',
    '## Unknowns',
    '',
    ...unknownLines(result, escapeText),
    '',
  ].join('\n')
}

function verdictOf(checked, finding) {
  const same = (one) => one.component === finding.component && one.source === finding.source
  const { verdict = 'unchecked' } = checked.find(same) ?? {}
  return verdict === 'unchecked' ? '' : verdict
}

function checkedLines(checked) {
  const count = (wanted) => checked.filter(({ verdict }) => verdict === wanted).length
  const wrong = checked.filter(({ verdict }) => verdict === 'wrong')
  return [
    `Of ${checked.length} pairs of a component and a source package, ${count('right')} look right, ${count('wrong')} wrong and ${count('open')} could not be decided; nobody looked at ${count('unchecked')}. *Right* says that the code or data of these source files is there, not that the version is. Verdicts rest on the evidence, for some twenty pairs on all that the command explain shows of it, and on what is known of the programs, whose sources were not read: they may be wrong themselves. The wrong ones:`,
    '',
    ...table(
      ['component', 'source package', 'what it is instead'],
      wrong.map(({ component, source, why }) => [component, source, cell(why)]),
    ),
  ]
}

function componentRows(findings) {
  const rows = [...groupBy(findings, (finding) => finding.component)].map(([component, group]) => {
    const distinct = (of) => new Set(group.map(of)).size
    const files = group.reduce((sum, { fileCount }) => sum + fileCount, 0)
    const origins = ['whole', 'partial', 'snippet'].map((origin) => group.filter((one) => one.origin === origin).length)
    return [component, distinct(({ source }) => source), distinct((one) => one.package), files, ...origins]
  })
  return rows.sort((a, b) => b[1] - a[1] || b[2] - a[2] || (a[0] < b[0] ? -1 : 1))
}

function findingRow(finding, escapeText) {
  const more = finding.fileCount > 1 ? ` and ${finding.fileCount - 1} more` : ''
  const alternatives = (finding.undecided ?? []).map((name) => ` or ${name}`).join('')
  return [
    finding.package,
    `${cell(escapeText(finding.files[0]))}${more}`,
    `${finding.component}${alternatives}`,
    cell(escapeText(versionWords(finding.version))),
    finding.method === 'fingerprints' ? finding.origin : 'known file',
    fingerprintsText(finding),
    finding.samples
      .slice(0, SAMPLES_SHOWN)
      .map((sample) => sampleText(sample, escapeText))
      .join(', '),
    finding.named ? 'yes' : '',
  ]
}

/** Numbers in instructions stand for no source file by themselves: then there are pieces of evidence only. */
function fingerprintsText({ method, fingerprints, evidence, unitCount, units }) {
  if (method !== 'fingerprints') return ''
  if (unitCount === 0) return `${evidence} in no one file`
  return `${fingerprints} in ${unitCount === 1 ? cell(units[0]) : `${unitCount} files`}`
}

function sampleText({ offset, text }, escapeText) {
  const place = offset === null ? '' : ` at 0x${offset.toString(16)}`
  return `${code(escapeText(text))}${place}`
}

/** Inline code, for text that may hold backticks. */
function code(text) {
  const fence = text.includes('`') ? '``' : '`'
  const room = text.startsWith('`') || text.endsWith('`') ? ' ' : ''
  return `${fence}${room}${text.replaceAll('|', '\\|')}${room}${fence}`
}

function cell(text) {
  return text.replace(/[\\|*_`<>[\]]/g, '\\$&')
}

function knownTables({ known, checked }) {
  const count = (outcome) => known.filter((row) => row.outcome === outcome).length
  const missed = known.filter(({ outcome }) => outcome === 'not found')
  const found = known.filter(({ outcome }) => outcome === 'found')
  const wrong = found
    .filter((row) => verdictOf(checked, row) === 'wrong')
    .map(({ component, source }) => `${component} in ${source}`)
  const note = wrong.length === 0 ? '' : ` By hand these look wrong: ${wrong.join(', ')}.`
  return [
    `Of ${known.length} pairs of a component and a source package, ${count('not in suite')} are of sources that the suite has not, and ${count('no program')} of sources whose packages hold no program. Of the other ${found.length + missed.length}, ${found.length} were found.${note}`,
    '',
    '### Found',
    '',
    ...table(
      ['component', 'source packages'],
      [...groupBy(found, ({ component }) => component)].map(([component, rows]) => [
        component,
        rows.map(({ source }) => source).join(', '),
      ]),
    ),
    '',
    '### Scanned and not found',
    '',
    'The list speaks of source text: a copy in a source package may be left out of the build, or have been replaced by Debian’s library.',
    '',
    ...table(
      ['component', 'source packages', 'why, as far as the scan tells'],
      [...groupBy(missed, ({ component, because }) => `${component} ${because}`).values()].map((rows) => [
        rows[0].component,
        rows.map(({ source }) => source).join(', '),
        rows[0].because,
      ]),
    ),
  ]
}

function unknownLines({ unknowns, missing }, escapeText) {
  if (unknowns.length === 0 && missing.length === 0) return ['None.']
  const lines = unknowns.map(({ package: name, file, code: why }) => `${name}: ${cell(escapeText(file))}: ${why}`)
  const shown = lines.slice(0, UNKNOWNS_LISTED).map((line) => `* ${line}`)
  const more = lines.length > shown.length ? [`* and ${lines.length - shown.length} more`] : []
  return [...shown, ...more, ...missing.map((name) => `* could not be had: ${name}`)]
}
