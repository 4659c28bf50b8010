import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import type { ComponentPrints, ReleaseRecord } from '../../src/database/schema.ts'

/** Unsigned 32-bit numbers from a seed. @see mulberry32 */
export type Random = () => number

export function random(seed: number): Random {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }
}

export function below(next: Random, limit: number): number {
  return next() % limit
}

export function shuffled<T>(list: readonly T[], next: Random): T[] {
  const copy = [...list]
  for (let i = copy.length - 1; i > 0; i--) {
    const j = below(next, i + 1)
    ;[copy[i], copy[j]] = [copy[j]!, copy[i]!]
  }
  return copy
}

export function releaseList(count: number): ReleaseRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    version: `1.${i}`,
    origin: i % 7 === 6 ? ('built' as const) : ('source' as const),
    provenance: `tag v1.${i} (commit ${(0x1000 + i * 0x9e37).toString(16).repeat(9).slice(0, 40)})`,
  }))
}

type AdditionKind = 'string' | 'symbol' | 'function' | 'mnemonics' | 'table' | 'bigEndianTable' | 'immediate'

const KINDS: Readonly<Record<AdditionKind, FeatureKind>> = {
  string: FeatureKind.String,
  symbol: FeatureKind.Symbol,
  function: FeatureKind.Function,
  mnemonics: FeatureKind.Mnemonics,
  table: FeatureKind.Table,
  bigEndianTable: FeatureKind.BigEndianTable,
  immediate: FeatureKind.Immediate,
}
const NAMES = Object.keys(KINDS) as AdditionKind[]

/** One sighting of a feature, as the indexer reports it. */
export interface Addition {
  readonly kind: AdditionKind | 'template' | 'file'
  readonly hash: bigint
  readonly unit: string
  readonly vendored: boolean
  readonly release: number
  readonly agrees: boolean
  readonly headerOnly: boolean
}

/** Sightings in release order: features live for a run of releases, some with a gap, in one or two units. */
export function additions(seed: number, size: { features: number; units: number; releases: number }): Addition[] {
  const next = random(seed)
  const list: Addition[] = []
  for (let i = 0; i < size.features; i++) {
    const hash = (BigInt(next()) << 32n) | BigInt(next())
    const kind = ([...NAMES, ...NAMES, 'string', 'string', 'string', 'template', 'template', 'file'] as const)[
      below(next, 20)
    ]!
    for (let copies = below(next, 6) === 0 ? 2 : 1; copies > 0; copies--) {
      const number = below(next, size.units)
      const unit = `${number % 3 === 0 ? 'lib/' : ''}unit${number}.c`
      const from = below(next, size.releases)
      const to = from + below(next, size.releases - from)
      const gap = below(next, size.releases)
      const agreeFrom = below(next, size.releases)
      for (let release = from; release <= to; release++) {
        if (release === gap && from !== to) continue
        const [vendored, headerOnly] = [number % 11 === 0, hash % 5n === 0n]
        list.push({ kind, hash, unit, vendored, release, agrees: release >= agreeFrom, headerOnly })
      }
    }
  }
  return list.sort((a, b) => a.release - b.release)
}

export function addAll(
  builder: PrintsBuilder,
  list: readonly Addition[],
  place: (release: number) => number = (release) => release,
): void {
  for (const { kind, hash, unit, vendored, release, agrees, headerOnly } of list) {
    const [h, u, r] = [builder.internHash(hash), builder.internUnit(unit, vendored), place(release)]
    if (kind === 'file')
      builder.addFile({
        sha256: hash.toString(16).padStart(64, '0'),
        buildId: vendored ? null : hash.toString(16).padStart(40, '0'),
        arch: hash % 2n === 0n ? 'x86_64' : 'aarch64',
        release: r,
        name: unit,
      })
    else if (kind !== 'template') {
      const name = kind === 'function' && hash % 4n > 0n ? `_do${hash % 97n}` : undefined
      builder.addFeature(KINDS[kind], h, u, r, name)
    } else builder.addTemplate(h, u, r, { agrees, selfNaming: hash % 2n === 0n, head: hash % 3n === 0n, headerOnly })
  }
}

export function buildPrints(
  list: readonly Addition[],
  releases: readonly ReleaseRecord[],
  name = 'synthetic',
): ComponentPrints {
  const builder = new PrintsBuilder(name, releases)
  addAll(builder, list)
  return builder.finish()
}
