import { directory as dir, file, hardlink, type Layer, opaque, symlink, whiteout } from './oracle.ts'

/** An image with a question in it. */
export interface CornerCase {
  readonly name: string
  readonly layers: readonly Layer[]
  /**
   * What the final view holds by the specification, as `describeTree` writes it; where that is silent, by umoci and
   * containerd. Left out where engines refuse the image: any end is right that is no crash and no file from outside.
   */
  readonly tree?: readonly string[]
  /** What umoci makes of it, where it is something else; a text is part of what it says when it refuses. */
  readonly umoci?: readonly string[] | string
}

/** A directory and a link to it, which a lower layer made. */
const LINKED: Layer = [dir('real/'), file('real/x', 'x'), symlink('link', 'real')]
const OLD: Layer = [dir('a/'), file('a/old', 'old')]

const NO_TARGET = 'no such file or directory'
const LOOP = 'too many levels of symbolic links'
const NO_DIRECTORY = 'not a directory'
const ROOT_TYPE = 'refusing to change type of root directory'

export const CORNER_CASES: readonly CornerCase[] = [
  // Whiteouts and the order within a layer
  {
    name: 'a whiteout behind the file of the same layer',
    layers: [[file('a', 'old')], [file('a', 'new'), whiteout('a')]],
    tree: ['a = new'],
  },
  {
    name: 'a whiteout before the file of the same layer',
    layers: [[file('a', 'old')], [whiteout('a'), file('a', 'new')]],
    tree: ['a = new'],
  },
  { name: 'a whiteout for the same layer only', layers: [[file('a', 'x'), whiteout('a')]], tree: ['a = x'] },
  { name: 'a whiteout of nothing', layers: [[file('a', 'x')], [whiteout('b'), whiteout('c/d')]], tree: ['a = x'] },
  {
    name: 'a directory deleted and made anew',
    layers: [OLD, [whiteout('a'), dir('a/'), file('a/new', 'new')]],
    tree: ['a/', 'a/new = new'],
  },
  {
    name: 'a directory made anew, its whiteout last',
    layers: [OLD, [dir('a/'), file('a/new', 'new'), whiteout('a')]],
    tree: ['a/', 'a/new = new'],
  },
  {
    name: 'a directory made anew without an entry, its whiteout last',
    layers: [OLD, [file('a/new', 'new'), whiteout('a')]],
    tree: ['a/', 'a/new = new'],
  },
  {
    name: 'a deleted directory that a third layer has again',
    layers: [OLD, [whiteout('a')], [file('a/new', 'new')]],
    tree: ['a/', 'a/new = new'],
  },
  { name: 'a whiteout below a file', layers: [[file('a', 'x')], [whiteout('a/b')]], tree: ['a = x'] },
  {
    name: 'a whiteout in another case of letters',
    layers: [[file('A', 'upper'), file('a', 'lower')], [whiteout('A')]],
    tree: ['a = lower'],
  },
  // Opaque directories
  {
    name: 'opaque, the marker first',
    layers: [OLD, [dir('a/'), opaque('a'), file('a/new', 'new')]],
    tree: ['a/', 'a/new = new'],
  },
  {
    name: 'opaque, the marker last',
    layers: [OLD, [dir('a/'), file('a/new', 'new'), opaque('a')]],
    tree: ['a/', 'a/new = new'],
  },
  { name: 'opaque without an entry of the directory', layers: [OLD, [opaque('a')]], tree: ['a/'] },
  {
    name: 'opaque above what the layer makes',
    layers: [
      [...OLD, dir('a/b/'), file('a/b/old', 'old')],
      [file('a/b/new', 'new'), opaque('a')],
    ],
    tree: ['a/', 'a/b/', 'a/b/new = new'],
  },
  {
    name: 'opaque, then a third layer',
    layers: [OLD, [opaque('a')], [file('a/new', 'new')]],
    tree: ['a/', 'a/new = new'],
  },
  {
    name: 'opaque root',
    layers: [
      [file('a', 'x'), ...LINKED],
      [opaque(''), file('b', 'y')],
    ],
    tree: ['b = y'],
  },
  // umoci makes no directory here; containerd and Docker do.
  {
    name: 'opaque where nothing is',
    layers: [[file('b', 'x')], [opaque('a')]],
    tree: ['a/', 'b = x'],
    umoci: ['b = x'],
  },
  { name: 'opaque where a file is', layers: [[file('a', 'x')], [opaque('a')]], tree: ['a = x'] },
  // Names that only look like markers
  {
    name: 'a marker with more behind its name',
    layers: [OLD, [dir('a/'), file('a/.wh..wh..opqX', ''), file('a/new', 'new')]],
    tree: ['a/', 'a/new = new', 'a/old = old'],
  },
  {
    name: 'the hard link directory of aufs',
    layers: [OLD, [file('.wh..wh.aufs', ''), dir('.wh..wh.plnk/'), file('.wh..wh.orph', '')]],
    tree: ['a/', 'a/old = old'],
  },
  { name: 'a whiteout with content', layers: [[file('a', 'x')], [file('.wh.a', 'content')]], tree: [] },
  { name: 'a whiteout that is a directory', layers: [[file('a', 'x')], [dir('.wh.a/')]], tree: [] },
  { name: 'a whiteout that is a link', layers: [[file('a', 'x')], [symlink('.wh.a', 'b')]], tree: [] },
  // umoci shows the directory of the marker, by its name; so would Docker.
  {
    name: 'a file below a whiteout that is a directory',
    layers: [OLD, [dir('.wh.a/'), file('.wh.a/c', 'y')]],
    umoci: ['.wh.a/', '.wh.a/c = y'],
  },
  { name: 'a whiteout without a name', layers: [OLD, [file('a/.wh.', '')]], umoci: NO_TARGET },
  { name: 'a whiteout of the directory itself', layers: [OLD, [file('a/.wh..', '')]], umoci: NO_TARGET },
  { name: 'a whiteout of the directory above', layers: [OLD, [dir('a/'), file('a/.wh...', '')]], umoci: NO_TARGET },
  { name: 'a whiteout of the root', layers: [[file('a', 'x')], [file('.wh..', '')]], umoci: NO_TARGET },
  // Through links
  { name: 'a whiteout through a link', layers: [LINKED, [whiteout('link/x')]], tree: ['link -> real', 'real/'] },
  {
    name: 'a whiteout through an absolute link',
    layers: [[dir('real/'), file('real/x', 'x'), symlink('link', '/real')], [whiteout('link/x')]],
    tree: ['link -> /real', 'real/'],
  },
  { name: 'a whiteout of a link', layers: [LINKED, [whiteout('link')]], tree: ['real/', 'real/x = x'] },
  {
    name: 'a link deleted, then a path through its name',
    layers: [LINKED, [whiteout('link'), file('link/new', 'new')]],
    tree: ['link/', 'link/new = new', 'real/', 'real/x = x'],
  },
  // The specification applies whiteouts first, whatever the order; umoci and containerd follow the link, still there.
  {
    name: 'a path through a link, which a whiteout deletes after it',
    layers: [LINKED, [file('link/new', 'new'), whiteout('link')]],
    tree: ['link/', 'link/new = new', 'real/', 'real/x = x'],
    umoci: ['real/', 'real/new = new', 'real/x = x'],
  },
  {
    name: 'the target of a link deleted after a path through it',
    layers: [LINKED, [file('link/new', 'new'), whiteout('real')]],
    tree: ['link -> real', 'real/', 'real/new = new'],
  },
  {
    name: 'opaque through a link',
    layers: [LINKED, [opaque('link'), file('link/new', 'new')]],
    tree: ['link -> real', 'real/', 'real/new = new'],
  },
  {
    name: 'opaque with an entry of the directory in the place of a link',
    layers: [LINKED, [dir('link/'), opaque('link'), file('link/new', 'new')]],
    tree: ['link/', 'link/new = new', 'real/', 'real/x = x'],
  },
  {
    name: 'a file through a link of a lower layer',
    layers: [LINKED, [file('link/new', 'new')]],
    tree: ['link -> real', 'real/', 'real/new = new', 'real/x = x'],
  },
  {
    name: 'a file through a link of a lower layer that an entry of a directory replaces',
    layers: [LINKED, [dir('link/'), file('link/new', 'new')]],
    tree: ['link/', 'link/new = new', 'real/', 'real/x = x'],
  },
  {
    name: 'a file through a link of the same layer',
    layers: [[...LINKED, file('link/new', 'new')]],
    tree: ['link -> real', 'real/', 'real/new = new', 'real/x = x'],
  },
  {
    name: 'a file through a link to nowhere',
    layers: [[symlink('link', 'no/where')], [file('link/new', 'new')]],
    tree: ['link -> no/where', 'no/', 'no/where/', 'no/where/new = new'],
  },
  {
    name: 'a file through a link that leaves the root',
    layers: [[symlink('link', '../../../../tmp')], [file('link/new', 'new')]],
    tree: ['link -> ../../../../tmp', 'tmp/', 'tmp/new = new'],
  },
  {
    name: 'a file through a circle',
    layers: [[symlink('p', 'q'), symlink('q', 'p')], [file('p/new', 'new')]],
    umoci: LOOP,
  },
  { name: 'a file through a link to itself', layers: [[symlink('p', 'p')], [file('p/new', 'new')]], umoci: LOOP },
  // One type in the place of another
  {
    name: 'a directory over a file',
    layers: [[file('a', 'x')], [dir('a/'), file('a/b', 'y')]],
    tree: ['a/', 'a/b = y'],
  },
  { name: 'a file over a directory', layers: [OLD, [file('a', 'y')]], tree: ['a = y'] },
  { name: 'a directory over a link', layers: [LINKED, [dir('link/')]], tree: ['link/', 'real/', 'real/x = x'] },
  { name: 'a link over a directory', layers: [OLD, [symlink('a', 'b')]], tree: ['a -> b'] },
  {
    name: 'a file over a link leaves the target alone',
    layers: [LINKED, [file('link', 'y')]],
    tree: ['link = y', 'real/', 'real/x = x'],
  },
  {
    name: 'a directory over a directory',
    layers: [OLD, [dir('a'), file('a/new', 'new')]],
    tree: ['a/', 'a/new = new', 'a/old = old'],
  },
  { name: 'a file below a file', layers: [[file('a', 'x')], [file('a/b', 'y')]], umoci: NO_DIRECTORY },
  { name: 'a file below a file of the same layer', layers: [[file('a', 'x'), file('a/b', 'y')]], umoci: NO_DIRECTORY },
  // One path twice
  { name: 'a file twice in a layer', layers: [[file('a', 'first'), file('./a', 'second')]], tree: ['a = second'] },
  { name: 'a directory, then a file', layers: [[dir('a/'), file('a/b', 'x'), file('a', 'y')]], tree: ['a = y'] },
  {
    name: 'a file, then a directory',
    layers: [[file('a', 'x'), dir('a/'), file('a/b', 'y')]],
    tree: ['a/', 'a/b = y'],
  },
  // Paths
  { name: 'no entries of directories', layers: [[file('a/b/c', 'x')]], tree: ['a/', 'a/b/', 'a/b/c = x'] },
  {
    name: 'paths with a dot',
    layers: [[dir('./'), dir('./a/'), file('./a/b', 'x'), file('a/./c', 'y')], [whiteout('./a/b')]],
    tree: ['a/', 'a/c = y'],
  },
  { name: 'absolute paths', layers: [[file('/a', 'x'), file('//b', 'y')], [whiteout('/a')]], tree: ['b = y'] },
  { name: 'two dots within', layers: [[file('a/../b', 'x')]], tree: ['b = x'] },
  // containerd and Docker: outside of the root is an error or the root. We take it for unsafe.
  { name: 'two dots beyond the root', layers: [[file('../b', 'x')]], umoci: ['b = x'] },
  { name: 'a root that is a file', layers: [[file('.', 'x')]], umoci: ROOT_TYPE },
  { name: 'a root that is a link', layers: [[symlink('./', '/tmp')]], umoci: ROOT_TYPE },
  // Hard links
  { name: 'a hard link', layers: [[file('a', 'x'), hardlink('b', 'a')]], tree: ['a = x', 'b = x'] },
  { name: 'a hard link to a lower layer', layers: [[file('a', 'x')], [hardlink('b', 'a')]], tree: ['a = x', 'b = x'] },
  {
    name: 'a hard link to a lower layer, then another file at the target',
    layers: [[file('a', 'x')], [hardlink('b', 'a'), file('a', 'y')]],
    tree: ['a = y', 'b = x'],
  },
  {
    name: 'another file at the target, then a hard link',
    layers: [[file('a', 'x')], [file('a', 'y'), hardlink('b', 'a')]],
    tree: ['a = y', 'b = y'],
  },
  {
    name: 'a hard link, the other name replaced later',
    layers: [[file('a', 'x'), hardlink('b', 'a')], [file('a', 'y')]],
    tree: ['a = y', 'b = x'],
  },
  {
    name: 'a hard link, the other name deleted later',
    layers: [[file('a', 'x'), hardlink('b', 'a')], [whiteout('a')]],
    tree: ['b = x'],
  },
  // By the letter of the specification the target is gone first; umoci, containerd and Docker take entry by entry.
  {
    name: 'a hard link to a file that a whiteout deletes after it',
    layers: [[file('a', 'x')], [hardlink('b', 'a'), whiteout('a')]],
    tree: ['b = x'],
  },
  {
    name: 'a hard link to a file that a whiteout deletes before it',
    layers: [[file('a', 'x')], [whiteout('a'), hardlink('b', 'a')]],
    umoci: NO_TARGET,
  },
  {
    name: 'a hard link to what was deleted',
    layers: [[file('a', 'x')], [whiteout('a')], [hardlink('b', 'a')]],
    umoci: NO_TARGET,
  },
  { name: 'a hard link before its target', layers: [[hardlink('b', 'a'), file('a', 'x')]], umoci: NO_TARGET },
  { name: 'a hard link to nothing', layers: [[hardlink('b', 'nothing')]], umoci: NO_TARGET },
  { name: 'a hard link to itself', layers: [[file('a', 'x')], [hardlink('a', 'a')]], umoci: NO_TARGET },
  { name: 'a hard link beyond the root', layers: [[hardlink('b', '../../../../etc/passwd')]], umoci: NO_TARGET },
  { name: 'a hard link to a directory', layers: [[dir('a/')], [hardlink('b', 'a')]], umoci: 'operation not permitted' },
  {
    name: 'hard links with a dot and with a slash',
    layers: [[dir('d/'), file('d/a', 'x'), hardlink('b', './d/a'), hardlink('c', '/d/a')]],
    tree: ['b = x', 'c = x', 'd/', 'd/a = x'],
  },
  {
    name: 'a hard link to a link is that link once more',
    layers: [[file('a', 'x'), symlink('l', 'a'), hardlink('b', 'l')]],
    tree: ['a = x', 'b -> a', 'l -> a'],
  },
  {
    name: 'a hard link through a link',
    layers: [LINKED, [hardlink('b', 'link/x')]],
    tree: ['b = x', 'link -> real', 'real/', 'real/x = x'],
  },
  {
    name: 'a hard link over a directory',
    layers: [[...OLD, file('b', 'y')], [hardlink('a', 'b')]],
    tree: ['a = y', 'b = y'],
  },
  {
    name: 'a hard link out of a directory that is deleted',
    layers: [OLD, [hardlink('b', 'a/old')], [whiteout('a')]],
    tree: ['b = old'],
  },
]
