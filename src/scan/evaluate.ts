import { type EvaluationError, errorsOf } from './evaluation-errors.ts'
import {
  ALL,
  CATALOG,
  type Figure,
  f1,
  figure,
  type Measure,
  macro,
  median,
  perThousand,
  precision,
  type Resampling,
  recall,
  type Slice,
  share,
} from './figures.ts'
import { type CatalogNames, type FileScore, judgeFile, Naming, type Pair } from './judge.ts'
import type { Label } from './labels.ts'
import type { ComponentPrediction, Predictions } from './predictions.ts'

/** What an evaluation needs to know beyond claims and labels. */
export interface EvaluateOptions {
  /** The components that the tool could know; without it, none is in the catalog and no alias is known. */
  readonly catalog?: readonly CatalogNames[]
  /** The sha256 of files that could not be had: they are counted and not scored. */
  readonly gone?: ReadonlySet<string>
  /** Resampled corpora behind each interval. Default: 1,000. */
  readonly rounds?: number
  /** Of the resampling. Default: 1. */
  readonly seed?: number
}

/** How well components were named. Every figure comes with its interval and `n`. */
export interface PresenceFigures {
  /** Right claims among those in files whose label list is complete; what a label allows is neither. */
  readonly precision: Figure
  /** Labelled components that were claimed, in all files. */
  readonly recall: Figure
  readonly f1: Figure
  /** Means over components: each counts the same, however often it occurs. */
  readonly macroComponent: MacroFigures
  /** Means over source packages. */
  readonly macroPackage: MacroFigures
}

/** Precision, recall and F1 averaged over groups, each group counting once. */
export interface MacroFigures {
  readonly precision: Figure
  readonly recall: Figure
  readonly f1: Figure
}

/** How well the versions of rightly claimed components were named; only labels with a version count. */
export interface VersionFigures {
  /** One version was named, and it is right. */
  readonly exact: Figure
  /** The right version is among those named; "unknown" is a miss. */
  readonly truthInSet: Figure
  /** The same, and claims that say "or newer" of a version that is. */
  readonly truthInSetOrNewer: Figure
  /** Versions named, where any is; exact counts 1. */
  readonly medianSetSize: Figure
}

/** The figures of one kind, architecture, format … Presence is over all labels. */
export interface GroupFigures {
  readonly files: number
  readonly precision: Figure
  readonly recall: Figure
  /** Recall of components in the catalog. */
  readonly catalogRecall: Figure
  readonly exact: Figure
  readonly truthInSet: Figure
}

/** One component over all files, counted. */
export interface ComponentCounts {
  readonly name: string
  readonly inCatalog: boolean
  readonly found: number
  readonly missed: number
  readonly falsePositives: number
  /** Claims in files whose label list is not complete. */
  readonly unjudged: number
  /** Of those found that have a labelled version. */
  readonly versioned: number
  readonly exact: number
  readonly truthInSet: number
}

/** What {@link evaluate} returns: plain data. */
export interface Evaluation {
  readonly schemaVersion: 1
  readonly files: {
    readonly labelled: number
    readonly scored: number
    /** Could not be had. */
    readonly gone: number
    /** Named as duplicates of others. */
    readonly duplicates: number
    /** Scored, but the tool said nothing about them: all their components are missed. */
    readonly unread: number
    readonly negative: number
  }
  /** Over all labels and claims. */
  readonly all: PresenceFigures
  /** Over labels and claims of components in the catalog. */
  readonly catalog: PresenceFigures
  readonly versions: VersionFigures
  /**
   * Claims with a confidence of at least 0.9 of which the component is false or the right version is not among those
   * named; n are the claims that can be judged. An unknown version is no wrong one.
   */
  readonly confidentlyWrong: Figure
  /** The same without the claims that say "or newer" of a version that is. */
  readonly confidentlyWrongBesideNewer: Figure
  /** In files of the kind `negative`; n are the files. */
  readonly falsePositivesPer1000Negatives: Figure
  readonly byKind: Readonly<Record<string, GroupFigures>>
  readonly byArch: Readonly<Record<string, GroupFigures>>
  readonly byFormat: Readonly<Record<string, GroupFigures>>
  /** By name. */
  readonly components: readonly ComponentCounts[]
  /** Every single one, by cause, file and component. */
  readonly errors: readonly EvaluationError[]
  readonly resampling: Resampling
}

/** From here on a claim counts as confident. */
const CONFIDENT = 0.9

/**
 * Holds a report, or the predictions of any tool, against the labels of a corpus. All figures of the accuracy bench are
 * defined here and in what this file calls, and nowhere else.
 *
 * Files are matched by sha256, else by id. `linked` and `mentioned` claim nothing. Copies of one component in a file
 * count as one, and any right one counts. Versions are compared as `sameRelease` does: marks of distributions and
 * builders do not count. Files that duplicate others or could not be had are left out and counted.
 */
export function evaluate(
  predictions: Predictions,
  labels: readonly Label[],
  options: EvaluateOptions = {},
): Evaluation {
  const resampling = { rounds: options.rounds ?? 1000, seed: options.seed ?? 1 }
  const naming = new Naming(options.catalog ?? [])
  const claimsOf = index(predictions)
  const own = labels.filter(({ duplicateOf }) => duplicateOf === undefined)
  const had = own.filter(({ sha256 }) => options.gone?.has(sha256) !== true)
  const scores = had.map((label) => judgeFile(label, claimsOf(label), naming))
  const one = (measure: Measure, files: readonly FileScore[] = scores): Figure => figure(files, measure, resampling)
  return {
    schemaVersion: 1,
    files: {
      labelled: labels.length,
      scored: scores.length,
      gone: own.length - had.length,
      duplicates: labels.length - own.length,
      unread: scores.filter(({ read }) => !read).length,
      negative: scores.filter(isNegative).length,
    },
    all: presence(scores, ALL, one),
    catalog: presence(scores, CATALOG, one),
    versions: versions(scores, one),
    confidentlyWrong: one(share(isJudged, (pair) => isConfidentlyWrong(pair))),
    confidentlyWrongBesideNewer: one(
      share(isJudged, (pair) => isConfidentlyWrong(pair) && pair.version !== 'newerThanSet'),
    ),
    falsePositivesPer1000Negatives: one(perThousand(isNegative, ({ outcome }) => outcome === 'false')),
    byKind: groups(scores, ({ label }) => label.kind, one),
    byArch: groups(scores, ({ label }) => label.arch, one),
    byFormat: groups(scores, ({ label }) => label.format, one),
    components: countComponents(scores),
    errors: errorsOf(scores, isConfidentlyWrong),
    resampling,
  }
}

type MakeFigure = (measure: Measure, files?: readonly FileScore[]) => Figure

/** The claims of each file; several entries of one file are one. */
function index(predictions: Predictions): (label: Label) => readonly ComponentPrediction[] | undefined {
  const byKey = new Map<string, ComponentPrediction[]>()
  for (const { sha256, id, components } of predictions.files) {
    const key = sha256 ?? id ?? ''
    byKey.set(key, [...(byKey.get(key) ?? []), ...components])
  }
  return ({ sha256, id }) => byKey.get(sha256) ?? byKey.get(id)
}

function isNegative({ label }: FileScore): boolean {
  return label.kind === 'negative'
}

function isJudged({ outcome }: Pair): boolean {
  return outcome === 'found' || outcome === 'false'
}

function isConfidentlyWrong({ outcome, version, confidence = 0 }: Pair): boolean {
  if (confidence < CONFIDENT) return false
  if (outcome === 'false') return true
  return outcome === 'found' && (version === 'wrong' || version === 'notInSet' || version === 'newerThanSet')
}

function presence(scores: readonly FileScore[], slice: Slice, one: MakeFigure): PresenceFigures {
  const macros = (groupOf: (pair: Pair, file: FileScore) => string): MacroFigures => ({
    precision: one(macro(scores, slice, groupOf, 'precision')),
    recall: one(macro(scores, slice, groupOf, 'recall')),
    f1: one(macro(scores, slice, groupOf, 'f1')),
  })
  return {
    precision: one(precision(slice)),
    recall: one(recall(slice)),
    f1: one(f1(slice)),
    macroComponent: macros((pair) => pair.component),
    macroPackage: macros((_, file) => file.label.sourcePackage),
  }
}

function isVersioned({ outcome, version }: Pair): boolean {
  return outcome === 'found' && version !== 'unlabelled'
}

const isExact = ({ version }: Pair): boolean => version === 'right'
const isInSet = ({ version }: Pair): boolean => version === 'right' || version === 'inSet'

function versions(scores: readonly FileScore[], one: MakeFigure): VersionFigures {
  const largest = Math.max(0, ...scores.flatMap(({ pairs }) => pairs.map(({ setSize }) => setSize)))
  return {
    exact: one(share(isVersioned, isExact)),
    truthInSet: one(share(isVersioned, isInSet)),
    truthInSetOrNewer: one(share(isVersioned, (pair) => isInSet(pair) || pair.version === 'newerThanSet')),
    medianSetSize: one(median(isVersioned, ({ setSize }) => setSize, largest)),
  }
}

function groups(
  scores: readonly FileScore[],
  groupOf: (file: FileScore) => string,
  one: MakeFigure,
): Record<string, GroupFigures> {
  const names = [...new Set(scores.map(groupOf))].sort()
  return Object.fromEntries(
    names.map((name) => {
      const files = scores.filter((file) => groupOf(file) === name)
      const figures: GroupFigures = {
        files: files.length,
        precision: one(precision(ALL), files),
        recall: one(recall(ALL), files),
        catalogRecall: one(recall(CATALOG), files),
        exact: one(share(isVersioned, isExact), files),
        truthInSet: one(share(isVersioned, isInSet), files),
      }
      return [name === '' ? 'not labelled' : name, figures]
    }),
  )
}

function countComponents(scores: readonly FileScore[]): ComponentCounts[] {
  const pairs = scores.flatMap((file) => file.pairs)
  const names = [...new Set(pairs.map(({ component }) => component))].sort()
  return names.map((name) => {
    const own = pairs.filter(({ component }) => component === name)
    const count = (isCounted: (pair: Pair) => boolean): number => own.filter(isCounted).length
    return {
      name,
      inCatalog: own.some(({ inCatalog }) => inCatalog),
      found: count(({ outcome }) => outcome === 'found'),
      missed: count(({ outcome }) => outcome === 'missed'),
      falsePositives: count(({ outcome }) => outcome === 'false'),
      unjudged: count(({ outcome }) => outcome === 'unjudged'),
      versioned: count(isVersioned),
      exact: count((pair) => isVersioned(pair) && isExact(pair)),
      truthInSet: count((pair) => isVersioned(pair) && isInSet(pair)),
    }
  })
}
