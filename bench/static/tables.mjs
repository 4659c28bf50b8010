import { table } from '../snippets/tables.mjs'
import { ceiling, groupBy, isRight, summarise } from './score.mjs'

/** Errors listed by name; a longer list says nothing that the tables do not. */
const ERRORS_LISTED = 120
/** What the issue of this suite asks for, as shares. */
const LIMITS = [
  ['components found', 'plain', ({ found, labelled }) => found / labelled, 0.95],
  ['truth in set, of the found', 'plain', ({ right, found }) => right / found, 0.9],
  ['version-blind: truth in set, of the found', 'blind', ({ right, found }) => right / found, 0.85],
  ['version-blind: exact, of the found', 'blind', ({ exact, found }) => exact / found, 0.4],
]

/** The result as Markdown. */
export function toMarkdown(result) {
  const { ours, peer } = result
  return [
    '# Static programs',
    '',
    `\`${result.command}\`; binprint ${result.tool}. How to read it: bench/README.md.`,
    '',
    `${result.programs} programs of ${result.rows} libraries, linked with the archives of ${result.suite}, stripped. The database`,
    `has no build of a version that is tested (${result.left.length} built releases left out).`,
    '',
    `![Correct version sets, with and without version strings](${result.name}.svg)`,
    '',
    '## Must hold',
    '',
    ...table(
      ['what', 'measured', 'limit', 'holds'],
      [
        ...LIMITS.map(([what, side, of, limit]) => {
          const value = of(summarise(ours[side]))
          return [what, percent(value), `≥ ${percent(limit)}`, value >= limit ? 'yes' : 'no']
        }),
        setSizeRow(summarise(ours.blind)),
      ],
    ),
    '',
    '## What can be told at all',
    '',
    'Of the version-blind programs. Releases with the same fingerprints among those in the program cannot be told apart by what is',
    'there; some can by what is missing, which options and compilers leave out as well.',
    '',
    ...table(
      ['compared', 'components', 'told from all others', 'median of what is alike'],
      [
        ceilingRow('what is there', ceiling(ours.blind, 'found')),
        ceilingRow('what is missing too', ceiling(ours.blind, 'all')),
      ],
    ),
    '',
    '## All programs',
    '',
    ...table(
      ['tool', 'version texts', ...FIGURES],
      [
        ['binprint', 'as they are', ...figures(ours.plain)],
        ['binprint', 'overwritten', ...figures(ours.blind)],
        ['strings and banners', 'as they are', ...figures(peer.plain)],
        ['strings and banners', 'overwritten', ...figures(peer.blind)],
      ],
    ),
    '',
    '## Each library',
    '',
    'Components that are in the programs of a library, its own and those that it brings along. *Banners* is what the patterns of',
    'version texts find.',
    '',
    ...perLibrary(result),
    '',
    '## Each way of linking',
    '',
    ...table(
      ['linked', ...FIGURES, 'blind: truth in set', 'blind: exact'],
      rowsOf(ours, ({ variant }) => variant),
    ),
    '',
    '## Each component',
    '',
    ...table(
      ['component', ...FIGURES, 'blind: truth in set', 'blind: exact'],
      rowsOf(ours, ({ component }) => component),
    ),
    '',
    '## Errors',
    '',
    ...errors(result),
    '',
    '## Made with',
    '',
    ...result.compilers.map((text) => `* ${text}`),
    ...result.packages.map(({ name, version }) => `* ${name} ${version}`),
    '',
    ...(result.missing.length === 0 ? [] : ['Missing:', '', ...result.missing.map((text) => `* ${text}`), '']),
  ].join('\n')
}

const FIGURES = ['components', 'found', 'truth in set', 'exact', 'wrong', 'median set', 'false']

function figures(pairs) {
  const { labelled, found, right, exact, wrong, medianSet, false: claimed } = summarise(pairs)
  return [labelled, share(found, labelled), share(right, found), share(exact, found), wrong, medianSet, claimed]
}

function setSizeRow({ medianSet }) {
  return ['version-blind: median set', medianSet, '≤ 2', medianSet <= 2 ? 'yes' : 'no']
}

function perLibrary({ ours, peer }) {
  const [blind, plain] = [groupBy(ours.blind, keyOf), groupBy(peer.plain, keyOf)]
  return table(
    ['library', 'components', 'found', 'truth in set', 'exact', 'blind: truth in set', 'banners: right'],
    [...groupBy(ours.plain, keyOf)].map(([key, pairs]) => {
      const own = summarise(pairs)
      const unseen = summarise(blind.get(key) ?? [])
      const others = summarise(plain.get(key) ?? [])
      return [
        key,
        own.labelled,
        share(own.found, own.labelled),
        share(own.right, own.found),
        share(own.exact, own.found),
        share(unseen.right, unseen.found),
        share(others.right, others.labelled),
      ]
    }),
  )
}

function keyOf({ archive }) {
  return archive
}

function rowsOf({ plain, blind }, by) {
  const unseen = groupBy(blind, by)
  return [...groupBy(plain, by)].map(([key, pairs]) => {
    const other = summarise(unseen.get(key) ?? [])
    return [key, ...figures(pairs), share(other.right, other.found), share(other.exact, other.found)]
  })
}

/** What is missed, false or wrong, each sort once with how often it comes. */
function errors({ ours }) {
  const counted = new Map()
  for (const [side, pairs] of [
    ['', ours.plain],
    ['blind: ', ours.blind],
  ])
    for (const pair of pairs) {
      const { component, archive, outcome, truth, said } = pair
      if (outcome === 'found' && isRight(pair)) continue
      const what =
        outcome === 'missed'
          ? `misses ${component} ${truth.join(', ')}`
          : outcome === 'false'
            ? `says ${component} ${said}`
            : `says ${component} ${said} for ${truth.join(', ')}`
      const text = `${side}${archive}: ${what}`
      counted.set(text, (counted.get(text) ?? 0) + 1)
    }
  const lines = [...counted].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))
  const shown = lines.slice(0, ERRORS_LISTED).map(([text, times]) => `* ${times} × ${shortened(text)}`)
  return lines.length > shown.length ? [...shown, `* and ${lines.length - shown.length} more`] : shown
}

function shortened(text) {
  return text.length > 160 ? `${text.slice(0, 160)}…` : text
}

function share(part, whole) {
  return whole === 0 ? '' : `${part}/${whole} (${percent(part / whole)})`
}

function percent(value) {
  return `${(100 * value).toFixed(1)} %`
}

function ceilingRow(what, { pairs, alone, medianSet }) {
  return [what, String(pairs), pairs === 0 ? '' : `${alone}/${pairs} (${percent(alone / pairs)})`, String(medianSet)]
}
