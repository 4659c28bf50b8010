/** Bytes of a megabyte, as disks and downloads count. */
export const MEGABYTE = 1e6

/**
 * What the curve is to raise: presence and exact versions count the same. The share of versions is that of all labelled
 * components, as a kind that finds more of them would otherwise lower it.
 */
export function worth({ f1, exactOfAll }) {
  return (f1 ?? 0) + (exactOfAll ?? 0)
}

/** What the step from one measurement to that of a larger database brings, what it costs in bytes, and what each megabyte brings. */
export function gainOf(before, after) {
  const gain = worth(after.figures) - worth(before.figures)
  const cost = after.bytes - before.bytes
  return { gain, cost, perMegabyte: cost > 0 ? (gain * MEGABYTE) / cost : 0 }
}

/**
 * The order of two kinds that could come next: of those that bring something the one that brings more per megabyte, then those
 * that bring nothing, then those that cost; the smaller one, and then the first by name, where this says nothing.
 */
export function compareGains(a, b) {
  const sign = Math.sign(b.gain) - Math.sign(a.gain)
  if (sign !== 0) return sign
  const better = a.gain > 0 ? b.perMegabyte - a.perMegabyte : b.gain - a.gain
  return better || a.cost - b.cost || (a.kind < b.kind ? -1 : 1)
}

/**
 * Adds kinds one by one, greedily in the order of {@link compareGains}. `measure` gives bytes, figures and claims of a database
 * that holds some kinds. A kind comes after those that it `needs`.
 *
 * A kind of `idle`, those without which the whole database claims the same, is measured once: where it changes no claim at its
 * first step either it waits until all others are in, which saves half of the measurements. Those of `absent`, of which the
 * corpus can hold nothing, wait from the start. Those that wait are added as they grow in `sizes`.
 */
export async function growCurve(measure, { start, kinds, needs = {}, idle = [], absent = [], sizes = {} }) {
  const steps = [{ kinds: start, ...(await measure(start)) }]
  const waiting = new Set(absent)
  let left = kinds.filter((kind) => !start.includes(kind))
  while (left.length > 0) {
    const before = steps.at(-1)
    const open = left.filter((kind) => (needs[kind] ?? []).every((needed) => before.kinds.includes(needed)))
    if (open.length === 0) throw new TypeError(`curve: ${left.join(', ')} need what is not there`)
    const candidates = []
    for (const kind of open.filter((one) => !waiting.has(one))) {
      const candidate = await tried(measure, before, kind)
      if (idle.includes(kind) && candidate.changed === 0) waiting.add(kind)
      else candidates.push(candidate)
    }
    const [best] = candidates.sort(compareGains)
    const [least] = open.sort((a, b) => (sizes[a] ?? 0) - (sizes[b] ?? 0) || (a < b ? -1 : 1))
    const next = best ?? (await tried(measure, before, least))
    steps.push(next)
    left = left.filter((kind) => kind !== next.kind)
  }
  return steps
}

async function tried(measure, before, kind) {
  const kinds = [...before.kinds, kind]
  const measured = await measure(kinds)
  return { kind, kinds, ...measured, ...gainOf(before, measured), changed: changedClaims(before, measured) }
}

/** In how many files two measurements claim something else. */
export function changedClaims(a, b) {
  return a.claims.filter((claim, i) => claim !== b.claims[i]).length
}
