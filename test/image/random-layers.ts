import { posix } from 'node:path'
import {
  directory,
  file,
  hardlink,
  type Layer,
  type LayerEntry,
  opaque,
  symlink,
  type Tree,
  unpackWithUmoci,
  whiteout,
} from './oracle.ts'

export interface RandomLayerOptions {
  /** How many layers; default 3. */
  readonly layers?: number
  /** How many entries a layer has at most; default 12. */
  readonly entries?: number
  /** Whether paths may lead through symbolic links; default true. */
  readonly throughLinks?: boolean
  /**
   * Whether whiteouts may come after other entries of their layer; default true where no path leads through a link. A
   * layer that goes through a link and deletes it means one thing to those who apply whiteouts first, as the
   * specification says, and another to those who take entry by entry.
   */
  readonly lateWhiteouts?: boolean
}

/** Few names, so that layers meet. */
const NAMES = ['a', 'b', 'c'] as const
/** Names of links that no path leads through. */
const LINK_NAMES = ['l', 'm'] as const

/** The same layers for the same seed. Not all can be unpacked: see `unpackable`. */
export function randomLayers(seed: number, options: RandomLayerOptions = {}): Layer[] {
  const { layers = 3, entries = 12, throughLinks = true, lateWhiteouts = !throughLinks } = options
  const random = generator(seed)
  const files: string[] = []
  const made: Layer[] = []
  for (let number = 0; number < layers; number++) {
    const layer: LayerEntry[] = []
    const count = 1 + random(entries)
    if (random(3) === 0) layer.push(directory(random(2) === 0 ? './' : '.'))
    for (let index = 0; index < count; index++)
      layer.push(randomEntry({ random, files, throughLinks, text: `${seed}.${number}.${index}`, first: number === 0 }))
    made.push(lateWhiteouts ? layer : whiteoutsFirst(layer))
  }
  return made
}

interface Drawing {
  readonly random: (below: number) => number
  /** Paths of files that were made so far, to link to. */
  readonly files: string[]
  readonly throughLinks: boolean
  readonly text: string
  readonly first: boolean
}

function randomEntry({ random, files, throughLinks, text, first }: Drawing): LayerEntry {
  const prefix = ['', '', './'][random(3)] ?? ''
  const path = randomPath(random)
  const draw = random(first ? 8 : 12)
  if (draw < 3) {
    files.push(path)
    return file(prefix + path, text)
  }
  if (draw < 5) return directory(`${prefix}${path}${['', '/'][random(2)]}`)
  if (draw < 7) return symlink(prefix + linkPath(path, throughLinks, random), randomTarget(random))
  if (draw < 8) {
    const to = files[random(files.length)]
    if (to === undefined) return file(prefix + path, text)
    files.push(path)
    return hardlink(prefix + path, ['', './', '/'][random(3)] + to)
  }
  if (draw < 11) return whiteout(prefix + (random(4) === 0 ? linkPath(path, throughLinks, random) : path))
  const above = path.slice(0, Math.max(0, path.lastIndexOf('/')))
  return opaque(above === '' && random(4) > 0 ? path : above)
}

function randomPath(random: (below: number) => number): string {
  return Array.from({ length: 1 + random(3) }, () => NAMES[random(NAMES.length)]).join('/')
}

function linkPath(path: string, throughLinks: boolean, random: (below: number) => number): string {
  if (throughLinks) return path
  return path.slice(0, path.lastIndexOf('/') + 1) + LINK_NAMES[random(LINK_NAMES.length)]
}

/** Relative, absolute, upwards, beyond the root, in circles, or to nowhere. */
function randomTarget(random: (below: number) => number): string {
  return ['', '', '/', '../', '../../../'][random(5)] + randomPath(random)
}

function isWhiteout({ path }: LayerEntry): boolean {
  return posix.basename(path).startsWith('.wh.')
}

function whiteoutsFirst(layer: Layer): Layer {
  return [...layer.filter(isWhiteout), ...layer.filter((entry) => !isWhiteout(entry))]
}

/** Mulberry32: integers from 0 to below a bound, the same for the same seed. */
function generator(seed: number): (below: number) => number {
  let state = seed >>> 0
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below)
  }
}

/** The entry that umoci could not unpack: `unpack entry: a/b: link: …`. */
const FAILED_ENTRY = /unpack entry: (?<path>[^:]+):/

/**
 * The layers without the entries that umoci refuses, such as a file below a file or a hard link to nothing, and what it
 * unpacks then. An engine refuses the whole image for one such entry, so there is nothing to compare with.
 */
export function unpackable(work: string, layers: readonly Layer[]): { layers: readonly Layer[]; tree: Tree } {
  let left = layers
  for (;;) {
    const tree = unpackWithUmoci(work, left)
    if (typeof tree !== 'string') return { layers: left, tree }
    const path = FAILED_ENTRY.exec(tree)?.groups?.['path']
    const next = path === undefined ? left : without(left, path)
    if (next === left) throw new Error(`umoci fails, and not for one entry: ${tree}`)
    left = next
  }
}

/** The layers without the last entry of this path that may be the one that failed. */
function without(layers: readonly Layer[], path: string): readonly Layer[] {
  for (let number = layers.length - 1; number >= 0; number--) {
    const layer = layers[number] ?? []
    const index = layer.findLastIndex((entry) => posix.join('/', entry.path).replace(/\/$/, '') === `/${path}`)
    if (index >= 0) return layers.with(number, layer.toSpliced(index, 1))
  }
  return layers
}
