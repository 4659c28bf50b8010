import { elementAt } from '../bytes/element.ts'
import { type LayerEntry, markerOf } from './layer-entry.ts'

/** Why a file of a lower layer is not in the image's final file system. */
export type ShadowCause = 'replaced' | 'whiteout' | 'opaque'

/** Where the bytes of a file are: an entry of a layer. */
export interface ContentPlace {
  readonly layer: number
  readonly entry: number
}

/** A regular file that a layer put somewhere. */
export interface LayerFile {
  /** Where it is in the image, links of directories resolved, without leading slash. */
  readonly path: string
  /** The layer that put it there. */
  readonly layer: number
  /** Its bytes; of a hard link those of its target, perhaps in a lower layer. */
  readonly content: ContentPlace
  /** What took it away; undefined while it is visible. */
  shadow: { readonly layer: number; readonly cause: ShadowCause } | undefined
}

/** An entry that could not be put anywhere. */
export interface MisplacedEntry {
  readonly layer: number
  readonly path: string
  readonly reason: string
}

interface Directory {
  readonly kind: 'directory'
  /** Undefined until there are some: most directories of an image have few entries, and forged ones none. */
  children: Map<string, Node> | undefined
}
interface Symlink {
  readonly kind: 'symlink'
  readonly target: string
}
interface RegularFile {
  readonly kind: 'file'
  readonly file: LayerFile
}
interface Other {
  readonly kind: 'other'
}
type Node = Directory | Symlink | RegularFile | Other

interface FoundDirectory {
  readonly node: Directory
  /** Behind all links. */
  readonly path: string
}

/** Links that one path may lead through, as Linux has it (MAXSYMLINKS). */
const MOST_LINKS = 40
/** Steps of one path. Linux ends at 4096 bytes, which are 2048 steps; forged archives do not end there. */
const MOST_STEPS = 2048

/**
 * The file system of an image as its layers make it, lowest first.
 *
 * Like the tools that unpack images: markers delete what lower layers have, whatever their place in the archive; an entry
 * below a link of a lower layer goes where the link leads, within the image; a directory over a directory joins it, and anything else
 * replaces what is there.
 */
export class LayerTree {
  readonly #root: Directory = { kind: 'directory', children: undefined }
  readonly #files: LayerFile[] = []
  readonly #misplaced: MisplacedEntry[] = []
  #layer = -1
  /** The directory that was found last: archives and lists of files go from one file to its neighbour. Nothing but a removal changes it. */
  #recent: (FoundDirectory & { readonly asked: string }) | undefined
  /** Files that markers of this layer deleted, by path: hard links of the layer may still name them. */
  readonly #deleted = new Map<string, RegularFile>()

  /** All files that any layer put anywhere, in the order of the layers and their archives. */
  get files(): readonly LayerFile[] {
    return this.#files
  }

  get misplaced(): readonly MisplacedEntry[] {
    return this.#misplaced
  }

  /** Puts the next layer on top. */
  apply(entries: readonly LayerEntry[]): void {
    this.#layer++
    this.#deleted.clear()
    const made = madeDirectories(entries)
    // Markers are about lower layers, so that they come before anything of this one.
    for (const { path } of entries) this.#delete(path, made)
    for (const [index, entry] of entries.entries()) if (markerOf(entry.path) === undefined) this.#put(entry, index)
  }

  /** The path behind all links, without leading slash; undefined where there is nothing. */
  resolve(path: string): string | undefined {
    const { directory, name } = parted(path)
    const parent = name === '' || name === '.' || name === '..' ? undefined : this.#existing(directory)
    const child = parent?.node.children?.get(name)
    if (parent !== undefined && child !== undefined && child.kind !== 'symlink') return below(parent.path, name)
    const found = this.#walk(path, { follow: true })
    return found === undefined || found.node === undefined ? undefined : found.path
  }

  /** The visible file at a path, links followed. */
  fileAt(path: string): LayerFile | undefined {
    const node = this.#walk(path, { follow: true })?.node
    return node?.kind === 'file' ? node.file : undefined
  }

  #delete(path: string, made: () => ReadonlySet<string>): void {
    const marker = markerOf(path)
    if (marker === undefined || marker.kind === 'note') return
    if (marker.kind === 'unsafe') {
      this.#misplaced.push({ layer: this.#layer, path, reason: 'is a whiteout of no name in its directory' })
      return
    }
    // In the lowest layer there is nothing to delete.
    const found = this.#walk(marker.directory, { follow: true })
    const directory = found?.node
    if (directory?.kind !== 'directory' || directory.children === undefined) return
    // A directory that takes the place of a link is not where the link leads.
    if (found?.path !== marker.directory && this.#takesPlaceOfLink(marker.directory, made())) return
    if (marker.kind === 'whiteout') this.#remove(directory, marker.name, 'whiteout')
    else for (const name of [...directory.children.keys()]) this.#remove(directory, name, 'opaque')
  }

  #put(entry: LayerEntry, index: number): void {
    const { path } = entry
    const { directory, name } = parted(path)
    const parent = this.#directory(directory)
    if (typeof parent === 'string') {
      this.#misplaced.push({ layer: this.#layer, path, reason: parent })
      return
    }
    const place = below(parent.path, name)
    const existing = parent.node.children?.get(name)
    if (entry.type === 'directory' && existing?.kind === 'directory') return
    // Looked up before what is there goes away: a link to the very path it replaces keeps the content.
    const target = entry.type === 'hardlink' ? this.#linked(entry.linkTarget ?? '') : undefined
    if (entry.type === 'hardlink' && target === undefined) {
      const reason = `is a hard link to ${entry.linkTarget}, which is not there`
      this.#misplaced.push({ layer: this.#layer, path, reason })
      return
    }
    if (existing !== undefined) this.#remove(parent.node, name, 'replaced')
    const node =
      target?.kind === 'symlink' || target?.kind === 'other' ? target : this.#node(entry, index, place, target)
    parent.node.children ??= new Map()
    parent.node.children.set(name, node)
  }

  #node(entry: LayerEntry, index: number, path: string, target: Node | undefined): Node {
    if (entry.type === 'directory') return { kind: 'directory', children: undefined }
    if (entry.type === 'symlink') return { kind: 'symlink', target: entry.linkTarget ?? '' }
    if (entry.type === 'other') return { kind: 'other' }
    const content = target?.kind === 'file' ? target.file.content : { layer: this.#layer, entry: index }
    const file: LayerFile = { path, layer: this.#layer, content, shadow: undefined }
    this.#files.push(file)
    return { kind: 'file', file }
  }

  /** What a hard link is a further name of; directories have none. */
  #linked(path: string): Node | undefined {
    const node = this.#walk(path, { follow: false })?.node ?? this.#deleted.get(path)
    return node?.kind === 'directory' ? undefined : node
  }

  /** Whether the layer has a directory of its own where the path leads through a link of a lower layer. */
  #takesPlaceOfLink(path: string, made: ReadonlySet<string>): boolean {
    for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
      const prefix = path.slice(0, end)
      if (made.has(prefix) && this.#walk(prefix, { follow: false })?.node?.kind === 'symlink') return true
    }
    return false
  }

  /** Takes a name away, with all that is below it. */
  #remove(directory: Directory, name: string, cause: ShadowCause): void {
    const node = directory.children?.get(name)
    if (node === undefined) return
    this.#recent = undefined
    directory.children?.delete(name)
    const shadow = { layer: this.#layer, cause }
    const open: Node[] = [node]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (next.kind === 'file') {
        next.file.shadow ??= shadow
        if (cause !== 'replaced') this.#deleted.set(next.file.path, next)
      }
      if (next.kind === 'directory') for (const child of next.children?.values() ?? []) open.push(child)
    }
  }

  /**
   * The directory at a path, made where it is missing: archives may leave directories out. What stands in the way and is neither a
   * directory nor a link to one is replaced. A text where links lead in a circle.
   */
  #directory(path: string): FoundDirectory | string {
    return this.#existing(path, true) ?? 'lies below links that lead in a circle, or too deep'
  }

  /** The directory at a path, links followed; undefined where there is none, and `make` says not to make it. */
  #existing(path: string, make = false): FoundDirectory | undefined {
    if (this.#recent?.asked === path) return this.#recent
    const found = this.#walk(path, { follow: true, make })
    if (found?.node?.kind !== 'directory') return undefined
    this.#recent = { asked: path, node: found.node, path: found.path }
    return this.#recent
  }

  /**
   * Walks a path from the root. Undefined where links lead in a circle or a step is no directory; without a node where
   * only the last step is missing.
   */
  #walk(
    path: string,
    { follow, make = false }: { readonly follow: boolean; readonly make?: boolean },
  ): { readonly node: Node | undefined; readonly path: string } | undefined {
    const steps = stepsOf(path)
    const trail: FoundDirectory[] = [{ node: this.#root, path: '' }]
    let links = 0
    let taken = 0
    for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
      if (++taken > MOST_STEPS) return undefined
      const here = elementAt(trail, trail.length - 1)
      if (step === '..') {
        // The root is its own parent.
        if (trail.length > 1) trail.pop()
        continue
      }
      const place = below(here.path, step)
      const isLast = steps.length === 0
      let node = here.node.children?.get(step)
      if (node?.kind === 'symlink' && (!isLast || follow)) {
        if (++links > MOST_LINKS) return undefined
        if (node.target.startsWith('/')) trail.length = 1
        steps.push(...stepsOf(node.target))
        continue
      }
      if (node?.kind !== 'directory' && make) {
        if (node !== undefined) this.#remove(here.node, step, 'replaced')
        node = { kind: 'directory', children: undefined }
        here.node.children ??= new Map()
        here.node.children.set(step, node)
      }
      if (node?.kind === 'directory') trail.push({ node, path: place })
      else return isLast ? { node, path: place } : undefined
    }
    const last = elementAt(trail, trail.length - 1)
    return { node: last.node, path: last.path }
  }
}

function parted(path: string): { readonly directory: string; readonly name: string } {
  const slash = path.lastIndexOf('/')
  return { directory: slash < 0 ? '' : path.slice(0, slash), name: path.slice(slash + 1) }
}

function below(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`
}

/** Steps of a path, the first one last. */
function stepsOf(path: string): string[] {
  return path
    .split('/')
    .filter((step) => step !== '' && step !== '.')
    .reverse()
}

/** The directories that a layer has entries of. The list is made when it is first asked for: hardly ever. */
function madeDirectories(entries: readonly LayerEntry[]): () => ReadonlySet<string> {
  let made: ReadonlySet<string> | undefined
  return () => {
    made ??= new Set(entries.filter(({ type }) => type === 'directory').map(({ path }) => path))
    return made
  }
}
