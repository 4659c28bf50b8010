/**
 * An oracle for layers: images written byte by byte, and what `umoci` makes of them.
 *
 * Layers are plain tars without any help of a tar program, so that a test can hold what no tool would write. Where umoci
 * is not what an engine would do is listed in `docs/image-layers.md` and in `corner-cases.ts`.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { hasProgram } from '../fixtures/compile.ts'
import { buildTar, type TarFixtureMember } from '../fixtures/tar.ts'

/** One entry of a layer's tar. Paths are written as they are: with `./`, with a `/` at the end, or with neither. */
export type LayerEntry =
  | { readonly type: 'file'; readonly path: string; readonly text: string }
  | { readonly type: 'directory'; readonly path: string }
  | { readonly type: 'symlink' | 'hardlink'; readonly path: string; readonly to: string }

/** The entries of one layer in the order of its tar. */
export type Layer = readonly LayerEntry[]

/** What is at a path of an unpacked image. */
export type TreeNode =
  | { readonly type: 'file'; readonly sha256: string }
  | { readonly type: 'directory' }
  | { readonly type: 'symlink'; readonly to: string }

/** All that an unpacked image holds, by path without a `/` at the start, in the order of paths. The root is left out. */
export type Tree = ReadonlyMap<string, TreeNode>

export const hasUmoci: boolean = hasProgram('umoci')

export function file(path: string, text: string): LayerEntry {
  return { type: 'file', path, text }
}

export function directory(path: string): LayerEntry {
  return { type: 'directory', path }
}

export function symlink(path: string, to: string): LayerEntry {
  return { type: 'symlink', path, to }
}

export function hardlink(path: string, to: string): LayerEntry {
  return { type: 'hardlink', path, to }
}

/** The marker that hides `path`, which may have `./` at the start, in lower layers. */
export function whiteout(path: string): LayerEntry {
  const slash = path.lastIndexOf('/') + 1
  return file(`${path.slice(0, slash)}.wh.${path.slice(slash)}`, '')
}

/** The marker that hides what lower layers have in a directory; an empty path is the root. */
export function opaque(path: string): LayerEntry {
  return file(path === '' ? '.wh..wh..opq' : `${path}/.wh..wh..opq`, '')
}

/** The uncompressed tar of a layer. */
export function layerTar(layer: Layer): Uint8Array {
  return buildTar(layer.map(toMember))
}

function toMember(entry: LayerEntry): TarFixtureMember {
  const { path } = entry
  switch (entry.type) {
    case 'file':
      return { path, bytes: Buffer.from(entry.text) }
    case 'directory':
      return { path, type: '5', mode: 0o755 }
    case 'hardlink':
      return { path, type: '1', link: entry.to }
    case 'symlink':
      return { path, type: '2', link: entry.to, mode: 0o777 }
  }
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const CONFIG = 'application/vnd.oci.image.config.v1+json'
const LAYER = 'application/vnd.oci.image.layer.v1.tar'

/** Writes an OCI layout with one image, tagged `test`, into a directory that may be there already. */
export function writeLayout(place: string, layers: readonly Layer[]): void {
  const blobs = join(place, 'blobs/sha256')
  mkdirSync(blobs, { recursive: true })
  const put = (bytes: Uint8Array, mediaType: string) => {
    const hex = sha256(bytes)
    writeFileSync(join(blobs, hex), bytes)
    return { mediaType, digest: `sha256:${hex}`, size: bytes.length }
  }
  const descriptors = layers.map((layer) => put(layerTar(layer), LAYER))
  const config = put(
    json({
      architecture: 'amd64',
      os: 'linux',
      config: {},
      rootfs: { type: 'layers', diff_ids: descriptors.map(({ digest }) => digest) },
      history: layers.map((_, number) => ({ created_by: `layer ${number}` })),
    }),
    CONFIG,
  )
  const manifest = put(json({ schemaVersion: 2, mediaType: MANIFEST, config, layers: descriptors }), MANIFEST)
  const annotations = { 'org.opencontainers.image.ref.name': 'test' }
  writeFileSync(join(place, 'index.json'), json({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }))
  writeFileSync(join(place, 'oci-layout'), json({ imageLayoutVersion: '1.0.0' }))
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value))
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

/**
 * What umoci unpacks from an image of these layers, or the last line of what it says when it does not. `work` is a
 * directory for what lies there meanwhile.
 */
export function unpackWithUmoci(work: string, layers: readonly Layer[]): Tree | string {
  const place = mkdtempSync(join(work, 'image-'))
  try {
    writeLayout(join(place, 'layout'), layers)
    const rootfs = join(place, 'rootfs')
    const image = `${join(place, 'layout')}:test`
    execFileSync('umoci', ['--log', 'error', 'raw', 'unpack', '--rootless', '--image', image, rootfs], {
      stdio: 'pipe',
      encoding: 'utf8',
    })
    return readTree(rootfs)
  } catch (error) {
    const { stderr } = error as { stderr?: string }
    if (stderr === undefined) throw error
    return stderr.trim().split('\n').at(-1)?.replaceAll(place, '') ?? ''
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

/** What is below a directory. Symbolic links are not followed. */
export function readTree(root: string): Tree {
  const tree = new Map<string, TreeNode>()
  const visit = (path: string) => {
    const entries = readdirSync(join(root, path), { withFileTypes: true })
    for (const entry of entries) {
      const inner = path === '' ? entry.name : `${path}/${entry.name}`
      if (entry.isDirectory()) {
        tree.set(inner, { type: 'directory' })
        visit(inner)
      } else if (entry.isSymbolicLink()) tree.set(inner, { type: 'symlink', to: readlinkSync(join(root, inner)) })
      else tree.set(inner, { type: 'file', sha256: sha256(readFileSync(join(root, inner))) })
    }
  }
  visit('')
  return new Map([...tree].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/**
 * A tree as lines to compare and to read: `a/`, `a/file = text`, `a/link -> target`. `texts` are those that the image's
 * files hold; another content shows its sha256.
 */
export function describeTree(tree: Tree, layers: readonly Layer[]): string[] {
  const texts = new Map<string, string>()
  for (const entry of layers.flat()) if (entry.type === 'file') texts.set(sha256(Buffer.from(entry.text)), entry.text)
  return [...tree].map(([path, node]) => {
    if (node.type === 'directory') return `${path}/`
    if (node.type === 'symlink') return `${path} -> ${node.to}`
    return `${path} = ${texts.get(node.sha256) ?? node.sha256}`
  })
}
