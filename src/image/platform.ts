import { arch, endianness } from 'node:os'
import { DetectorError } from '../errors.ts'
import type { Descriptor } from './content.ts'

/** What an image runs on, in the words of Go (`GOOS`, `GOARCH`), normalised as containerd does. */
export interface Platform {
  readonly os: string
  readonly architecture: string
  /** `v7` of `arm`; null where the architecture has none, or the usual one. */
  readonly variant: string | null
  /** Of Windows: `10.0.20348.2700`. */
  readonly osVersion?: string
}

/** One entry of an index. */
export interface PlatformCandidate {
  readonly platform: Platform | undefined
  readonly descriptor: Descriptor
}

const SYSTEMS = ['linux', 'windows', 'darwin', 'freebsd', 'netbsd', 'openbsd', 'solaris', 'aix', 'android', 'wasi']
const ARCHITECTURES = [
  ...['386', 'amd64', 'arm', 'arm64', 'loong64', 'mips', 'mipsle', 'mips64', 'mips64le', 'ppc64', 'ppc64le'],
  ...['riscv64', 's390x', 'sparc64', 'wasm'],
]

/** Other names of architectures, with the variant that they imply (containerd, platforms/database.go). */
const ALIASES: ReadonlyMap<string, readonly [architecture: string, variant: string | null]> = new Map([
  ['i386', ['386', null]],
  ['i686', ['386', null]],
  ['ia32', ['386', null]],
  ['x64', ['amd64', null]],
  ['x86_64', ['amd64', null]],
  ['x86-64', ['amd64', null]],
  ['aarch64', ['arm64', null]],
  ['armhf', ['arm', 'v7']],
  ['armel', ['arm', 'v6']],
  ['loongarch64', ['loong64', null]],
  ['mipsel', ['mipsle', null]],
  ['mips64el', ['mips64le', null]],
])

/** The variant that is meant where none is said: of these the unsaid is the usual one. */
const USUAL_VARIANTS: ReadonlyMap<string, string> = new Map([
  ['amd64', 'v1'],
  ['arm64', 'v8'],
])
/** What containerd takes an image for that does not say which it is. */
const UNSAID_VARIANTS: ReadonlyMap<string, string> = new Map([['arm', 'v7']])
/** Which 32-bit ARM is taken where any will do: what runs on most machines first. */
const ARM_ORDER: readonly (string | null)[] = ['v7', 'v6', 'v5', null]

/** Entries that a message lists; more would hide what it says. */
const LISTED = 20

/**
 * Reads `OS/ARCHITECTURE[/VARIANT]`, or one of both: an architecture means Linux, a system the architecture of this machine.
 * Windows may be told by its version: `windows(10.0.20348)/amd64`.
 *
 * @throws DetectorError `USAGE`
 */
export function parsePlatform(text: string): Platform {
  const [first = '', second, third, ...more] = text.split('/')
  const [, os = '', osVersion] = /^([A-Za-z0-9_-]+)(?:\(([0-9.]+)\))?$/.exec(first) ?? []
  const isWord = (word: string | undefined): boolean => word === undefined || /^[A-Za-z0-9_.-]+$/.test(word)
  if (os === '' || !isWord(second) || !isWord(third) || more.length > 0) throw wrongPlatform(text)
  const version = osVersion === undefined ? {} : { osVersion }
  if (second !== undefined) return normalisePlatform({ os, architecture: second, variant: third ?? null, ...version })
  if (SYSTEMS.includes(normaliseSystem(os))) return { ...machinePlatform(), os: normaliseSystem(os), ...version }
  const alone = normalisePlatform({ os: 'linux', architecture: os, variant: null })
  if (!ARCHITECTURES.includes(alone.architecture) || osVersion !== undefined) throw wrongPlatform(text)
  return alone
}

/** The platform in the words that comparing takes: aliases resolved, the usual variant unsaid. */
export function normalisePlatform(platform: Platform): Platform {
  const said = platform.architecture.toLowerCase()
  const [architecture, implied] = ALIASES.get(said) ?? [said, null]
  const lower = platform.variant?.toLowerCase() || implied
  const variant = lower !== null && /^\d/.test(lower) ? `v${lower}` : lower
  const isUsual = variant !== null && USUAL_VARIANTS.get(architecture) === variant
  return { ...platform, os: normaliseSystem(platform.os), architecture, variant: isUsual ? null : variant }
}

/** `linux/arm/v7`, `windows(10.0.20348)/amd64` */
export function platformText({ os, architecture, variant, osVersion }: Platform): string {
  const version = osVersion === undefined ? '' : `(${osVersion})`
  return `${os}${version}/${architecture}${variant === null ? '' : `/${variant}`}`
}

/** True if what is there will do for what is wanted: what the wish does not say may be anything. */
export function fitsPlatform(platform: Platform, wanted: Platform): boolean {
  const have = normalisePlatform(platform)
  if (have.os !== wanted.os || have.architecture !== wanted.architecture) return false
  if (wanted.osVersion !== undefined && !`${have.osVersion ?? ''}.`.startsWith(`${wanted.osVersion}.`)) return false
  return wanted.variant === null || (have.variant ?? UNSAID_VARIANTS.get(have.architecture) ?? null) === wanted.variant
}

/**
 * The entry for the platform: of several the one with the plainest variant, and of these the first.
 *
 * Without a wish it is Linux on the architecture of this machine, else the only entry there is. Attestations, whose
 * platform is `unknown/unknown`, are none. An only entry that does not say its platform is taken for any wish: its config
 * says it.
 *
 * @throws DetectorError `IMAGE_PLATFORM` listing what there is
 */
export function choosePlatform(candidates: readonly PlatformCandidate[], wanted: Platform | undefined): Descriptor {
  const runnable = candidates.filter(({ platform }) => platform === undefined || !isUnknown(platform))
  const wish = wanted === undefined ? machinePlatform() : normalisePlatform(wanted)
  const [best] = runnable
    .filter(({ platform }) => platform !== undefined && fitsPlatform(platform, wish))
    .sort((a, b) => plainness(a.platform) - plainness(b.platform))
  if (best !== undefined) return best.descriptor
  const [only] = runnable
  if (only !== undefined && runnable.length === 1 && (wanted === undefined || only.platform === undefined))
    return only.descriptor
  const needed = `need an image for ${platformText(wish)}, the index has ${listed(runnable)}`
  throw new DetectorError('IMAGE_PLATFORM', runnable.length === 0 ? needed : `${needed}: choose one with --platform`)
}

/** Linux on the architecture of this machine, whatever system runs here: that is what images are made for. */
function machinePlatform(): Platform {
  // Node names both byte orders of POWER alike.
  const architecture = arch() === 'ppc64' && endianness() === 'LE' ? 'ppc64le' : arch()
  return normalisePlatform({ os: 'linux', architecture, variant: null })
}

function normaliseSystem(os: string): string {
  const lower = os.toLowerCase()
  return lower === 'macos' ? 'darwin' : lower
}

/** As BuildKit marks manifests that hold statements about an image. */
function isUnknown({ os, architecture }: Platform): boolean {
  return os === 'unknown' || architecture === 'unknown'
}

/** Place in the order of preference among variants of one architecture. */
function plainness(platform: Platform | undefined): number {
  if (platform === undefined) return Number.POSITIVE_INFINITY
  const { architecture, variant } = normalisePlatform(platform)
  if (architecture !== 'arm') return variant === null ? 0 : 1
  const place = ARM_ORDER.indexOf(variant)
  return place < 0 ? ARM_ORDER.length : place
}

function listed(candidates: readonly PlatformCandidate[]): string {
  if (candidates.length === 0) return 'no image'
  const texts = candidates.map(({ platform }) =>
    platform === undefined ? 'one that does not say' : platformText(platform),
  )
  const unique = [...new Set(texts)]
  const more = unique.length > LISTED ? ` and ${unique.length - LISTED} more` : ''
  return unique.slice(0, LISTED).join(', ') + more
}

function wrongPlatform(text: string): DetectorError {
  const have = JSON.stringify(text.slice(0, 80))
  return new DetectorError('USAGE', `need a platform such as linux/arm64 or linux/arm/v7, have ${have}`)
}
