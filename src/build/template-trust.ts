import type { ComponentPrints, Intervals, TemplateRecord } from '../database/schema.ts'

/** A template is believed when this share of the releases that have it agree with it about their version … */
const AGREEING_SHARE = 0.9
/**
 * … and this many do, or two where the component has no more releases that have it. A version that is indexed from source
 * and as a built release counts once.
 */
const AGREEING_RELEASES = 3

/**
 * The templates of each component that tell its version. Those that the background knows, or that another family has
 * learned from more releases, tell nothing.
 */
export function trustedTemplates(
  all: readonly ComponentPrints[],
  families: readonly number[],
  vendored: readonly Uint8Array[],
  background: readonly TemplateRecord[],
): TemplateRecord[][] {
  const common = new Set(background.map(keyOf))
  const reliable = all.map((prints, component) =>
    prints.templates.filter(
      (template) =>
        vendored[component]![template.unit] === 0 && !common.has(keyOf(template)) && isReliable(template, prints),
    ),
  )
  const owners = new Map<string, { component: number; releases: number }>()
  reliable.forEach((templates, component) => {
    for (const template of templates) {
      const releases = countVersions(all[component]!.sets[template.agreeing]!, all[component]!)
      const owner = owners.get(keyOf(template))
      if (owner === undefined || releases > owner.releases) owners.set(keyOf(template), { component, releases })
    }
  })
  return reliable.map((templates, component) =>
    templates.filter((template) => families[owners.get(keyOf(template))!.component] === families[component]),
  )
}

function isReliable(template: TemplateRecord, prints: ComponentPrints): boolean {
  const agreeing = countVersions(prints.sets[template.agreeing]!, prints)
  const seen = countVersions(prints.sets[template.seen]!, prints)
  const needed = seen === 2 ? 2 : AGREEING_RELEASES
  return agreeing >= needed && agreeing >= AGREEING_SHARE * seen
}

/** Distinct versions among releases that stand in version order. */
function countVersions(intervals: Intervals, { releases }: ComponentPrints): number {
  let count = 0
  let last: string | undefined
  for (let i = 0; i < intervals.length; i += 2)
    for (let release = intervals[i]!; release <= intervals[i + 1]!; release++) {
      const { version } = releases[release]!
      if (version !== last) count++
      last = version
    }
  return count
}

function keyOf({ high, low }: TemplateRecord): string {
  return `${high} ${low}`
}
