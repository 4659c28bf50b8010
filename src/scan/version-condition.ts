import { DetectorError } from '../errors.ts'
import type { VersionEstimate } from '../model.ts'
import { type VersionOrder, versionOrder } from '../versions/order.ts'

/** `libwebp@<1.3.2`: a component, and versions of it. */
export interface ComponentQuery {
  readonly name: string
  /** All of them must hold; none for any version. */
  readonly conditions: readonly Condition[]
}

interface Condition {
  readonly operator: '<' | '<=' | '>' | '>=' | '=' | '!='
  readonly version: string
}

/** Whether the version is one that is asked for: `possible` where only some of those that it may be are. */
export type Answer = 'yes' | 'possible' | 'no'

/**
 * Reads `NAME` or `NAME@CONDITIONS`: comparisons separated by blanks or commas, each a version behind `<`, `<=`, `>`, `>=`, `=` or
 * `!=`; a version alone means that very one.
 *
 * @throws DetectorError `USAGE`
 */
export function parseQuery(text: string): ComponentQuery {
  const at = text.indexOf('@')
  const name = (at < 0 ? text : text.slice(0, at)).trim()
  const parts = at < 0 ? [] : text.slice(at + 1).match(/(?:[<>!=]=?\s*)?[^\s,<>=!]+|[^\s,]+/g)
  if (name === '' || (at >= 0 && (parts === null || parts.length === 0))) throw wrongQuery(text)
  return { name, conditions: (parts ?? []).map((part) => condition(part, text)) }
}

function condition(part: string, text: string): Condition {
  const { operator = '=', version } =
    /^(?<operator><=|>=|!=|==|<|>|=)?\s*(?<version>[^\s,<>=!]+)$/.exec(part)?.groups ?? {}
  if (version === undefined) throw wrongQuery(text)
  return { operator: (operator === '==' ? '=' : operator) as Condition['operator'], version }
}

function wrongQuery(text: string): DetectorError {
  return new DetectorError(
    'USAGE',
    `need a component with versions such as 'libwebp@<1.3.2' or 'zlib@>=1.2.8 <1.2.12', have ${JSON.stringify(text)}`,
  )
}

/** Whether a version that was found is one that is asked for, in the component's own order. */
export function answers(version: VersionEstimate, conditions: readonly Condition[], scheme: string): Answer {
  if (conditions.length === 0) return 'yes'
  if (version.kind === 'unknown') return 'possible'
  const order = versionOrder(scheme)
  if (version.kind === 'exact') return holds(version.version, conditions, order) ? 'yes' : 'no'
  const fitting = version.versions.filter((one) => holds(one, conditions, order)).length
  // What is newer than all that are known may be asked for, or not.
  const open = version.orNewer === true
  if (fitting === version.versions.length && !open) return 'yes'
  return fitting > 0 || (open && conditions.some(({ operator }) => operator !== '<' && operator !== '<='))
    ? 'possible'
    : 'no'
}

function holds(version: string, conditions: readonly Condition[], order: VersionOrder): boolean {
  return conditions.every(({ operator, version: bound }) => COMPARES[operator](order(version, bound)))
}

/** What an order says of a version and the bound, by operator. */
const COMPARES: Readonly<Record<Condition['operator'], (difference: number) => boolean>> = {
  '<': (difference) => difference < 0,
  '<=': (difference) => difference <= 0,
  '>': (difference) => difference > 0,
  '>=': (difference) => difference >= 0,
  '=': (difference) => difference === 0,
  '!=': (difference) => difference !== 0,
}
