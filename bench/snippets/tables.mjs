import { groupBy, ownOf, summarise, targets } from './score.mjs'

/** Misses listed by name; a longer list says nothing that the tables do not. */
const MISSES_LISTED = 80

/** The result as Markdown. */
export function toMarkdown(result) {
  const files = result.rows.filter(({ set }) => set === 'files')
  const functions = result.rows.filter(({ set }) => set === 'functions')
  return [
    '# Snippets',
    '',
    `\`${result.command}\`; binprint ${result.tool}, database ${result.database}. How to read it: bench/README.md.`,
    '',
    '## Targets',
    '',
    ...table(
      ['library', 'programs', 'found', 'target', 'met', 'ceiling', 'second component', 'as snippet', 'version right'],
      targets(result.rows).map((row) => [
        row.library,
        row.programs,
        share(row.found, row.programs),
        `${row.target * 100} %`,
        row.met ? 'yes' : 'no',
        share(row.ceiling, row.programs),
        row.second,
        row.asSnippet,
        row.versionRight,
      ]),
    ),
    '',
    `Negative control: ${result.controls.filter(({ claims }) => claims.length === 0).length} of ${result.controls.length} foreign programs without a library are reported as holding nothing.`,
    '',
    '## Each snippet',
    '',
    ...figureTable('snippet', files, ({ library, snippet }) => `${library}: ${snippet}`),
    '',
    '## Each source version',
    '',
    ...figureTable('source', files, ({ library, upstream }) => `${library} ${upstream}`),
    '',
    '## Found, by compiler and level',
    '',
    ...matrix(files),
    '',
    '## One function and what it calls',
    '',
    'Each function of at least 30 instructions that other files could call, in a program of its own.',
    '',
    ...figureTable('file', functions, ({ library, snippet }) => `${library}: ${snippet.replace(/:.*/, '')}`),
    '',
    '## Own fingerprints by kind',
    '',
    ...kinds(result.rows),
    '',
    '## Not found, or with a second component',
    '',
    ...misses(result.rows),
    '',
    '## Made with',
    '',
    ...result.compilers.map(({ id, version }) => `* ${id}: ${version}`),
    ...result.sources.map(({ package: name, version, suite }) => `* ${name} ${version} (${suite})`),
    '',
    ...(result.missing.length === 0
      ? []
      : ['Not there, so not measured:', '', ...result.missing.map((line) => `* ${line}`), '']),
  ].join('\n')
}

function figureTable(name, rows, keyOf) {
  return table(
    [
      name,
      'programs',
      'found',
      'ceiling',
      'median own fingerprints',
      'second component',
      'as snippet',
      'version right',
    ],
    [...groupBy(rows, keyOf)].map(([key, group]) => {
      const { programs, found, ceiling, medianOwn, second, asSnippet, versionRight } = summarise(group)
      return [
        key,
        programs,
        share(found, programs),
        share(ceiling, programs),
        medianOwn,
        second,
        asSnippet,
        versionRight,
      ]
    }),
  )
}

/** Programs found of those built, one column for each compiler and level. */
function matrix(rows) {
  const column = ({ compiler, level }) => `${compiler} ${level}`
  const columns = [...groupBy(rows, column).keys()]
  return table(
    ['snippet', ...columns],
    [...groupBy(rows, ({ library, snippet }) => `${library}: ${snippet}`)].map(([key, group]) => {
      const cells = groupBy(group, column)
      const cell = (name) => {
        const { found, programs } = summarise(cells.get(name) ?? [])
        return programs === 0 ? '' : `${found}/${programs}`
      }
      return [key, ...columns.map(cell)]
    }),
  )
}

function kinds(rows) {
  const names = [...new Set(rows.flatMap(({ own }) => Object.keys(own)))].sort()
  if (names.length === 0) return ['None.']
  const key = ({ set, library, snippet }) => (set === 'functions' ? `${library}: functions` : `${library}: ${snippet}`)
  return [
    'Programs that hold at least one, of all.',
    '',
    ...table(
      ['snippet', 'programs', ...names],
      [...groupBy(rows, key)].map(([label, group]) => [
        label,
        group.length,
        ...names.map((name) => group.filter(({ own }) => (own[name] ?? 0) > 0).length),
      ]),
    ),
  ]
}

function misses(rows) {
  const missed = rows.filter(({ set, found }) => set === 'files' && !found)
  const lines = missed.slice(0, MISSES_LISTED).map((row) => {
    const what = row.named ? 'found' : 'not found'
    const more = row.second.length > 0 ? `, and ${row.second.join(', ')}` : ''
    return `* ${row.library} ${row.upstream}: ${row.snippet}, ${row.compiler} ${row.level}: ${what}${more}; ${ownOf(row)} own fingerprints`
  })
  if (missed.length > lines.length) lines.push(`* and ${missed.length - lines.length} more`)
  return lines.length === 0 ? ['None.'] : lines
}

function share(part, whole) {
  return whole === 0 ? '' : `${part} (${Math.round((100 * part) / whole)} %)`
}

/** A Markdown table; cells are written as they are. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.map(String).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)]
}
