import { table } from '../snippets/tables.mjs'
import { stepName } from './chart.mjs'
import { MEGABYTE } from './order.mjs'

/** What a kind is there for where claims of the corpus do not show it. */
const PURPOSE = {
  strings: 'presence, units and version sets, from the text of any release',
  templates: 'exact versions, also of releases that were never indexed',
  symbols: 'programs that are not stripped, libraries with exports, and the names that changed functions are told by',
  functions:
    'programs without text of their own, single functions, narrower version sets, the functions that `modified` compares',
  mnemonics:
    'functions that other operands, registers or offsets changed, and the code around one that `modified` names',
  tables: 'programs without text of their own; versions whose tables differ',
  bigEndianTables: 'tables of big-endian programs',
  immediates: 'hashes, checksums and codecs of few strings, whatever the compiler',
  functionNames: 'the names of functions in `modified` and in the evidence; no claim depends on them',
  files: 'files that were indexed themselves (`file-hash`, `build-id`); no file of the corpus was, by design',
}

const FIGURES = [
  ['precision', 'precision'],
  ['recall', 'recall'],
  ['F1', 'f1'],
  ['exact', 'exact'],
  ['exact of all', 'exactOfAll'],
  ['truth in set', 'truthInSet'],
  ['or newer', 'truthInSetOrNewer'],
  ['median set', 'medianSet'],
  ['confidently wrong', 'confidentlyWrong'],
]
const NAMES = FIGURES.map(([name]) => name)

/** The result as Markdown. */
export function toMarkdown(result) {
  const { database, corpus, whole, kinds, cuts, curve } = result
  return [
    '# What each kind of fingerprint buys',
    '',
    `\`${result.command}\`; binprint ${result.tool}. How to read it: bench/README.md.`,
    '',
    `A database of ${database.components} components, ${megabytes(database.bytes)} MB of prints with the background, on the frozen features of`,
    `${corpus.files} files of the public corpus: ${whole.labelled} labelled components that it has prints of, ${whole.versions} versions.`,
    '',
    ...(curve === null ? [] : ['![What the corpus gets as kinds are added](kinds.svg)', '']),
    '## Without one kind',
    '',
    ...table(
      [
        'without',
        'saves MB',
        'of all',
        'places in the corpus',
        'files that claim otherwise',
        ...NAMES,
        'F1 + exact per MB',
      ],
      [
        ['nothing', '', '', '', '', ...figures(whole), ''],
        ...kinds.map((row) => [
          row.name,
          megabytes(row.cost),
          percent(row.cost / database.bytes),
          corpus.places[row.name] ?? '',
          row.changed,
          ...figures(row.figures),
          signed(row.perMegabyte),
        ]),
      ],
    ),
    '',
    '## Without several',
    '',
    ...table(
      ['without', 'saves MB', 'of all', 'files that claim otherwise', ...NAMES, 'F1 + exact per MB'],
      cuts.map((row) => [
        row.name,
        megabytes(row.cost),
        percent(row.cost / database.bytes),
        row.changed,
        ...figures(row.figures),
        signed(row.perMegabyte),
      ]),
    ),
    '',
    'Source releases are the ones that compete as versions: without them only texts that carry their version name one. A built',
    'release is the union of its builds, so that prints do not tell which architecture a fingerprint came from, only which files',
    'were indexed:',
    `${database.files.map(([arch, count]) => `${count} of ${arch}`).join(', ') || 'none'}.`,
    '',
    ...curveTable(curve),
    ...staticTables(result.static),
    '## What follows',
    '',
    ...conclusions(result),
    '',
  ].join('\n')
}

function curveTable(curve) {
  const title = ['## Kind by kind', '']
  if (curve === null) return [...title, 'Not measured: the run was ended.', '']
  return [
    ...title,
    ...table(
      ['step', 'MB', 'files that claim otherwise', ...NAMES, 'F1 + exact', 'per MB'],
      curve.map((step) => [
        stepName(step),
        megabytes(step.bytes),
        step.changed ?? '',
        ...figures(step.figures),
        step.gain === undefined ? '' : signed(step.gain),
        step.perMegabyte === undefined ? '' : signed(step.perMegabyte),
      ]),
    ),
    '',
  ]
}

function staticTables(result) {
  if (result === null) return ['## Static programs', '', 'Not measured: no programs were kept (`--static`).', '']
  const sums = ({ plain, blind }) => [
    `${plain.found}/${plain.labelled}`,
    `${plain.right}`,
    `${plain.exact}`,
    plain.false,
    `${blind.found}/${blind.labelled}`,
    `${blind.right}`,
    `${blind.exact}`,
    blind.false,
    blind.medianSet,
  ]
  return [
    '## Static programs',
    '',
    `${result.programs} programs of the static suite, as they are and with the texts of versions overwritten, and a database without any`,
    'build of a version that is tested: components, not shares.',
    '',
    ...table(
      [
        'without',
        'files that claim otherwise',
        ...['found', 'truth in set', 'exact', 'false'],
        ...['blind: found', 'blind: truth in set', 'blind: exact', 'blind: false', 'blind: median set'],
      ],
      [
        ['nothing', '', ...sums(result.whole)],
        ...[...result.kinds, ...result.cuts].map((row) => [row.name, row.changed, ...sums(row.figures)]),
      ],
    ),
    '',
  ]
}

/** What the numbers say of each kind, least useful first, and what they cannot say. */
function conclusions({ kinds, cuts, silent: idle, database, corpus, static: programs }) {
  const changedIn = (name) => programs?.kinds.find((row) => row.name === name)?.changed ?? 0
  const silent = kinds.filter(({ name, changed }) => changed === 0 && changedIn(name) === 0)
  const worthless = kinds.filter((row) => !silent.includes(row) && row.gain <= 0)
  const useful = kinds.filter((row) => !silent.includes(row) && row.gain > 0)
  const saved = silent.reduce((sum, { cost }) => sum + cost, 0)
  const where = programs === null ? 'on the corpus' : 'on the corpus and the static programs'
  const line = ({ name, cost, changed, gain }, what) =>
    `* **${name}** (${megabytes(cost)} MB, ${changed} files, ${signed(gain)}): ${what}`
  const purpose = (row) =>
    line(row, `${PURPOSE[row.name]}${corpus.places[row.name] === 0 ? '; the corpus holds none' : ''}.`)
  return [
    `Changes no claim ${where} when it alone is left out, ${megabytes(saved)} MB or ${percent(saved / database.bytes)} in all, and what it is for:`,
    '',
    ...(silent.length === 0 ? ['* None.'] : silent.toSorted(byCost).map(purpose)),
    '',
    ...together(idle, cuts),
    'Changes claims, but neither more components nor more exact versions are right for it; to be dropped first where megabytes count:',
    '',
    ...(worthless.length === 0 ? ['* None.'] : worthless.toSorted(byCost).map(purpose)),
    '',
    'Earns its place, most per megabyte first:',
    '',
    ...(useful.length === 0 ? ['* None.'] : useful.toSorted((a, b) => b.perMegabyte - a.perMegabyte).map(purpose)),
    '',
    'Frozen features have no code and no names of functions, so that `modified`, evidence and known files cannot show here; for changed',
    'functions there is `npm run bench:changed`, for single files `npm run bench:snippets`.',
  ]
}

/** Whether the kinds that change nothing alone change something together. */
function together(idle, cuts) {
  const row = cuts.find(({ name }) => name === idle.join(', '))
  if (row === undefined) return []
  const what =
    row.changed === 0 ? 'no claim changes either' : `${row.changed} files claim otherwise (${signed(row.gain)})`
  return [`Without all that change nothing alone on the corpus (${row.name}) ${what}.`, '']
}

function byCost(a, b) {
  return b.cost - a.cost
}

function figures(values) {
  return FIGURES.map(([, key]) => share(values[key]))
}

function share(value) {
  return value === null || value === undefined ? '' : String(Math.round(value * 1000) / 1000)
}

function signed(value) {
  const text = value.toFixed(4)
  return value > 0 ? `+${text}` : text.replace(/^-(0\.0+)$/, '$1')
}

function megabytes(bytes) {
  return (bytes / MEGABYTE).toFixed(2)
}

function percent(value) {
  return `${(100 * value).toFixed(1)} %`
}
