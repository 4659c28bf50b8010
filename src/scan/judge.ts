import { versionOrder } from '../versions/order.ts'
import { namesRelease, plainVersion, sameRelease } from '../versions/same.ts'
import type { Label } from './labels.ts'
import { type ComponentPrediction, type NamedVersions, namedVersions } from './predictions.ts'

/** What judging needs of the catalog: which names are one component, and how its versions are ordered. */
export interface CatalogNames {
  readonly name: string
  readonly aliases: readonly string[]
  /** Scheme of the release order. Default: `semver-like`. */
  readonly versionScheme?: string
}

/**
 * How a named version stands to the labelled ones. `right`: one version, and that one. `inSet`: among several.
 * `newerThanSet`: not among them, but the claim says "or newer" and it is. `unlabelled`: nothing to hold it against.
 */
export type VersionVerdict = 'right' | 'inSet' | 'newerThanSet' | 'wrong' | 'notInSet' | 'unknown' | 'unlabelled'

/** One component in one file: labelled, claimed, or both. Copies count as one. */
export interface Pair {
  readonly component: string
  readonly inCatalog: boolean
  /** `unjudged`: claimed in a file whose label list is not complete, so that nobody knows. */
  readonly outcome: 'found' | 'missed' | 'false' | 'unjudged'
  /** Of `found` ones. */
  readonly version: VersionVerdict
  /** Versions that the claim names which decided the verdict; 0 when it names none. */
  readonly setSize: number
  /** The highest of its claims; undefined where nothing is claimed or the tool gives none. */
  readonly confidence: number | undefined
  /** What was claimed, in the tool's words. */
  readonly said: string
  /** The labelled versions. */
  readonly truth: readonly string[]
  /** The tool said no more than `linked` or `mentioned`. */
  readonly onlyMentioned: boolean
}

/** One file's pairs, the unit that the bootstrap resamples. */
export interface FileScore {
  readonly label: Label
  /** False when the tool said nothing about the file, not even that it is empty: all its components are missed. */
  readonly read: boolean
  readonly pairs: readonly Pair[]
}

/** Looks names up by name and alias, without regard to case; names of no component stand for themselves. */
export class Naming {
  readonly #canonical = new Map<string, string>()
  readonly #schemes = new Map<string, string>()

  constructor(catalog: readonly CatalogNames[]) {
    for (const { name, aliases, versionScheme } of catalog) {
      for (const alias of aliases) this.#canonical.set(alias.toLowerCase(), name)
      if (versionScheme !== undefined) this.#schemes.set(name, versionScheme)
    }
    // A name outdoes an alias of another component.
    for (const { name } of catalog) this.#canonical.set(name.toLowerCase(), name)
  }

  canonical(name: string): string {
    return this.#canonical.get(name.toLowerCase()) ?? name.toLowerCase()
  }

  isInCatalog(name: string): boolean {
    return this.#canonical.has(name.toLowerCase())
  }

  scheme(name: string): string {
    return this.#schemes.get(name) ?? 'semver-like'
  }
}

/** Holds what was claimed about a file against its label. `claims` undefined: the tool did not speak of the file. */
export function judgeFile(label: Label, claims: readonly ComponentPrediction[] | undefined, naming: Naming): FileScore {
  const named = group(claims ?? [], ({ name }) => naming.canonical(name))
  const truths = group(label.components, ({ name }) => naming.canonical(name))
  const pairs: Pair[] = []
  for (const [component, labelled] of truths) {
    const truth = labelled.map(({ version }) => version).filter(namesRelease)
    const own = embedded(named.get(component))
    const others = labelled.flatMap(({ also }) => also).flatMap((name) => embedded(named.get(naming.canonical(name))))
    const mentioned = (named.get(component) ?? []).length > 0
    const base = { component, inCatalog: naming.isInCatalog(component), truth }
    if (own.length > 0)
      pairs.push({ ...base, outcome: 'found', ...judgeVersions(own, truth, naming.scheme(component)) })
    else if (others.length > 0) pairs.push({ ...base, outcome: 'found', ...judgeVersions(others, [], '') })
    else pairs.push({ ...base, outcome: 'missed', ...SILENCE, onlyMentioned: mentioned })
  }
  const tolerated = new Set(
    [...label.allow, ...label.components.flatMap(({ also }) => also)].map((name) => naming.canonical(name)),
  )
  for (const [component, all] of named) {
    const own = embedded(all)
    if (own.length === 0 || truths.has(component) || tolerated.has(component)) continue
    const outcome = label.complete ? 'false' : 'unjudged'
    pairs.push({
      component,
      inCatalog: naming.isInCatalog(component),
      truth: [],
      outcome,
      ...judgeVersions(own, [], ''),
    })
  }
  return { label, read: claims !== undefined, pairs }
}

type Judgement = Pick<Pair, 'version' | 'setSize' | 'confidence' | 'said' | 'onlyMentioned'>

const SILENCE: Judgement = {
  version: 'unknown',
  setSize: 0,
  confidence: undefined,
  said: '',
  onlyMentioned: false,
}

/** Of several copies any right one counts: the best verdict is taken, and of equal ones the smallest set. */
function judgeVersions(claims: readonly ComponentPrediction[], truth: readonly string[], scheme: string): Judgement {
  const named = claims.map(namedVersions)
  const verdicts = named.map((versions) => ({
    verdict: verdictOf(versions, truth, scheme),
    size: versions?.versions.length ?? 0,
  }))
  verdicts.sort((a, b) => RANK.indexOf(a.verdict) - RANK.indexOf(b.verdict) || a.size - b.size)
  const confidences = claims.flatMap(({ confidence }) => (confidence === undefined ? [] : [confidence]))
  return {
    version: verdicts[0]?.verdict ?? 'unknown',
    setSize: verdicts[0]?.size ?? 0,
    confidence: confidences.length === 0 ? undefined : Math.max(...confidences),
    said: named.map(saying).join('; '),
    onlyMentioned: false,
  }
}

const RANK: readonly VersionVerdict[] = ['unlabelled', 'right', 'inSet', 'newerThanSet', 'wrong', 'notInSet', 'unknown']

function verdictOf(named: NamedVersions | undefined, truth: readonly string[], scheme: string): VersionVerdict {
  if (truth.length === 0) return 'unlabelled'
  if (named === undefined) return 'unknown'
  const { versions, orNewer } = named
  const one = versions.length === 1 && !orNewer
  if (versions.some((version) => truth.some((release) => sameRelease(version, release)))) return one ? 'right' : 'inSet'
  const order = versionOrder(scheme)
  const isNewer = (release: string): boolean =>
    versions.every((version) => order(plainVersion(release), plainVersion(version)) > 0)
  if (orNewer && truth.some(isNewer)) return 'newerThanSet'
  return one ? 'wrong' : 'notInSet'
}

function saying(named: NamedVersions | undefined): string {
  if (named === undefined) return 'version unknown'
  const [first = ''] = named.versions
  const text = named.versions.length === 1 ? first : `one of ${named.versions.join(', ')}`
  return named.orNewer ? `${text} or newer` : text
}

function embedded(claims: readonly ComponentPrediction[] | undefined): readonly ComponentPrediction[] {
  return (claims ?? []).filter(({ role }) => role === undefined || role === 'embedded')
}

function group<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const list = groups.get(key(item))
    if (list === undefined) groups.set(key(item), [item])
    else list.push(item)
  }
  return groups
}
