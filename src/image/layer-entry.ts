/** What a layer says about one path, in the order of its archive. Plain data, so that it can be kept. */
export interface LayerEntry {
  /** Without leading slash, as the archive has it: markers of deletion included. */
  readonly path: string
  /** `other`: devices, pipes and sockets. */
  readonly type: 'file' | 'directory' | 'symlink' | 'hardlink' | 'other'
  /** As written for symlinks, a path of the image for hard links; null for everything else. */
  readonly linkTarget: string | null
}

/** Starts the name of a marker that deletes what follows in the name. */
const WHITEOUT = '.wh.'
/** Starts the names of a file system's own notes (AUFS), which are neither files nor deletions. */
const NOTE = '.wh..wh.'
/** Deletes all that the directory had in lower layers. */
const OPAQUE = '.wh..wh..opq'

/** What the name of an entry means to the layers below. */
export type Marker =
  | { readonly kind: 'whiteout'; readonly directory: string; readonly name: string }
  | { readonly kind: 'opaque'; readonly directory: string }
  | { readonly kind: 'note' }
  /** A deletion of no name, of the directory itself or of the one above: old engines did as it says. */
  | { readonly kind: 'unsafe' }

/**
 * Reads a marker of deletion; undefined for the name of a file. Only the whole name makes a directory opaque: `.wh..wh..opqX` is a
 * note.
 *
 * @see OCI image specification, layer.md, "Whiteouts"
 */
export function markerOf(path: string): Marker | undefined {
  const slash = path.lastIndexOf('/')
  const name = path.slice(slash + 1)
  if (!name.startsWith(WHITEOUT)) return undefined
  const directory = slash < 0 ? '' : path.slice(0, slash)
  if (name === OPAQUE) return { kind: 'opaque', directory }
  if (name.startsWith(NOTE)) return { kind: 'note' }
  const deleted = name.slice(WHITEOUT.length)
  if (deleted === '' || deleted === '.' || deleted === '..') return { kind: 'unsafe' }
  return { kind: 'whiteout', directory, name: deleted }
}
