import type { Evaluation, EvaluationError, Figure, GroupFigures } from '../index.ts'
import { escapeText } from '../report/escape.ts'

type Row = readonly string[]

/** The evaluation as markdown: the figures, the groups, and every error by cause. */
export function evaluationTable(evaluation: Evaluation): string {
  const { files, errors, resampling } = evaluation
  const { labelled, scored, gone, duplicates, unread, negative } = files
  const blocks = [
    `${labelled} files: ${scored} scored, ${gone} gone, ${duplicates} duplicates left out; of the scored, ${unread} not read and ${negative} negative. Intervals: 95 %, ${resampling.rounds} resamples of files, seed ${resampling.seed}.`,
    table(['figure', 'value', '95 % interval', 'n'], figureRows(evaluation)),
    groupTable('kind', evaluation.byKind),
    groupTable('architecture', evaluation.byArch),
    groupTable('format', evaluation.byFormat),
    ...causes(errors).map(([cause, own]) => errorTable(cause, own)),
  ]
  return `${blocks.join('\n\n')}\n`
}

function figureRows(evaluation: Evaluation): readonly Row[] {
  const rows: Row[] = []
  const add = (name: string, figure: Figure): void => {
    rows.push([name, number(figure.value), interval(figure), String(figure.n)])
  }
  for (const [slice, title] of [
    ['all', 'all labels'],
    ['catalog', 'catalog'],
  ] as const) {
    const { precision, recall, f1, macroComponent, macroPackage } = evaluation[slice]
    add(`precision, ${title}`, precision)
    add(`recall, ${title}`, recall)
    add(`F1, ${title}`, f1)
    for (const [macro, per] of [
      [macroComponent, 'component'],
      [macroPackage, 'source package'],
    ] as const) {
      add(`precision per ${per}, ${title}`, macro.precision)
      add(`recall per ${per}, ${title}`, macro.recall)
      add(`F1 per ${per}, ${title}`, macro.f1)
    }
  }
  const { exact, truthInSet, truthInSetOrNewer, medianSetSize } = evaluation.versions
  add('exact version', exact)
  add('truth in set', truthInSet)
  add('truth in set, or newer', truthInSetOrNewer)
  add('median set size', medianSetSize)
  add('confidently wrong', evaluation.confidentlyWrong)
  add('confidently wrong beside "or newer"', evaluation.confidentlyWrongBesideNewer)
  add('false positives per 1,000 negative files', evaluation.falsePositivesPer1000Negatives)
  return rows
}

function groupTable(title: string, groups: Readonly<Record<string, GroupFigures>>): string {
  const rows = Object.entries(groups).map(([name, group]) => [
    escapeCell(name),
    String(group.files),
    ...[group.precision, group.recall, group.catalogRecall, group.exact, group.truthInSet].map(valueAndCount),
  ])
  return table([title, 'files', 'precision', 'recall', 'recall, catalog', 'exact', 'truth in set'], rows)
}

function errorTable(cause: string, errors: readonly EvaluationError[]): string {
  const rows = errors.map(({ file, component, said, truth, confidence, confidentlyWrong }) => [
    escapeCell(file),
    escapeCell(component),
    escapeCell(said),
    escapeCell(truth.join(', ')),
    `${confidence ?? ''}${confidentlyWrong ? ' confidently wrong' : ''}`,
  ])
  return `${cause} (${errors.length})\n\n${table(['file', 'component', 'said', 'truth', 'confidence'], rows)}`
}

/** What the catalog does not know is counted per component in JSON; by name it would bury the rest. */
function causes(errors: readonly EvaluationError[]): readonly (readonly [string, readonly EvaluationError[]])[] {
  const names = [...new Set(errors.map(({ cause }) => cause))].filter((cause) => cause !== 'missedOutsideCatalog')
  return names.map((name) => [name, errors.filter(({ cause }) => cause === name)])
}

function table(head: Row, rows: readonly Row[]): string {
  const lines = [head, head.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function number(value: number | null): string {
  return value === null ? '-' : String(Math.round(value * 1000) / 1000)
}

function interval({ low, high }: Figure): string {
  return low === null || high === null ? '-' : `${number(low)} to ${number(high)}`
}

function valueAndCount({ value, n }: Figure): string {
  return value === null ? '-' : `${number(value)} (${n})`
}

/** Names come from corpora and tools: no control characters, and no end of a cell. */
function escapeCell(text: string): string {
  return escapeText(text).replaceAll('|', '\\|')
}
