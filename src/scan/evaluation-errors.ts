import { compareCodeUnits } from '../versions/token.ts'
import type { FileScore, Pair } from './judge.ts'

/**
 * Why a claim, or its absence, is wrong. Of versions: `versionWrong` one version and not the right one; `truthNotInSet`;
 * `newerThanSet` the set says "or newer" and the truth is; `versionUnknown` none named; `setTooLarge` the truth is in the
 * set, but so are ten others.
 */
export type ErrorCause =
  | 'falsePositive'
  | 'missed'
  /** The tool named it, but only as linked or mentioned. */
  | 'missedMentioned'
  /** The tool said nothing about the whole file. */
  | 'missedUnread'
  | 'missedOutsideCatalog'
  | 'versionWrong'
  | 'truthNotInSet'
  | 'newerThanSet'
  | 'versionUnknown'
  | 'setTooLarge'

/** One error, by name. */
export interface EvaluationError {
  readonly cause: ErrorCause
  /** Id of the file. */
  readonly file: string
  readonly component: string
  /** The versions claimed, as text; empty where nothing is claimed. */
  readonly said: string
  /** The labelled versions. */
  readonly truth: readonly string[]
  readonly confidence: number | null
  readonly confidentlyWrong: boolean
}

/** Ten candidates are more than a person looks up one by one. */
const LARGE_SET = 10

const ORDER: readonly ErrorCause[] = [
  'falsePositive',
  'missed',
  'missedMentioned',
  'missedUnread',
  'missedOutsideCatalog',
  'versionWrong',
  'truthNotInSet',
  'newerThanSet',
  'versionUnknown',
  'setTooLarge',
]

/** Every error of the files, by cause, file and component. */
export function errorsOf(scores: readonly FileScore[], isConfidentlyWrong: (pair: Pair) => boolean): EvaluationError[] {
  const errors = scores.flatMap((file) =>
    file.pairs.flatMap((pair): EvaluationError[] => {
      const cause = causeOf(pair, file)
      if (cause === undefined) return []
      const { component, said, truth, confidence = null } = pair
      return [
        { cause, file: file.label.id, component, said, truth, confidence, confidentlyWrong: isConfidentlyWrong(pair) },
      ]
    }),
  )
  return errors.sort(
    (a, b) =>
      ORDER.indexOf(a.cause) - ORDER.indexOf(b.cause) ||
      compareCodeUnits(a.file, b.file) ||
      compareCodeUnits(a.component, b.component),
  )
}

function causeOf(pair: Pair, file: FileScore): ErrorCause | undefined {
  if (pair.outcome === 'unjudged') return undefined
  if (pair.outcome === 'false') return 'falsePositive'
  if (pair.outcome === 'missed') return missCause(pair, file)
  switch (pair.version) {
    case 'wrong':
      return 'versionWrong'
    case 'notInSet':
      return 'truthNotInSet'
    case 'newerThanSet':
      return 'newerThanSet'
    case 'unknown':
      return 'versionUnknown'
    case 'inSet':
      return pair.setSize > LARGE_SET ? 'setTooLarge' : undefined
    default:
      return undefined
  }
}

function missCause({ inCatalog, onlyMentioned }: Pair, { read }: FileScore): ErrorCause {
  if (!read) return 'missedUnread'
  if (onlyMentioned) return 'missedMentioned'
  return inCatalog ? 'missed' : 'missedOutsideCatalog'
}
