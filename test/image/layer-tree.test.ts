import { describe, expect, test } from 'vitest'
import type { LayerEntry } from '../../src/image/layer-entry.ts'
import { LayerTree } from '../../src/image/layer-tree.ts'

/** `dir/` is a directory, `a -> b` a symlink, `a = b` a hard link, `a!` a device; the rest are files. */
function layer(...lines: readonly string[]): LayerEntry[] {
  return lines.map((line) => {
    const [path = '', target] = line.split(/ (?:->|=) /)
    if (line.includes(' -> ')) return { path, type: 'symlink', linkTarget: target ?? '' }
    if (line.includes(' = ')) return { path, type: 'hardlink', linkTarget: target ?? '' }
    if (line.endsWith('/')) return { path: line.slice(0, -1), type: 'directory', linkTarget: null }
    if (line.endsWith('!')) return { path: line.slice(0, -1), type: 'other', linkTarget: null }
    return { path, type: 'file', linkTarget: null }
  })
}

function treeOf(...layers: readonly (readonly LayerEntry[])[]): LayerTree {
  const tree = new LayerTree()
  for (const entries of layers) tree.apply(entries)
  return tree
}

/** `layer:path`, with what took it away behind it. */
function filesOf(tree: LayerTree): string[] {
  return tree.files.map(({ path, layer: at, shadow }) => {
    const taken = shadow === undefined ? '' : ` ${shadow.cause} by ${shadow.layer}`
    return `${at}:${path}${taken}`
  })
}

describe('what a later layer takes away', () => {
  test.each<[string, readonly (readonly string[])[], readonly string[]]>([
    ['a file replaces that of a lower layer', [['a'], ['a']], ['0:a replaced by 1', '1:a']],
    [
      'a whiteout hides the file in every lower layer',
      [['d/a'], ['d/a'], ['d/.wh.a']],
      ['0:d/a replaced by 1', '1:d/a whiteout by 2'],
    ],
    [
      'a whiteout of a directory hides all below it',
      [['d/e/a', 'd/b'], ['.wh.d']],
      ['0:d/e/a whiteout by 1', '0:d/b whiteout by 1'],
    ],
    [
      'an opaque directory hides all it had',
      [
        ['d/a', 'd/e/b', 'c'],
        ['d/', 'd/.wh..wh..opq', 'd/x'],
      ],
      ['0:d/a opaque by 1', '0:d/e/b opaque by 1', '0:c', '1:d/x'],
    ],
    [
      'an opaque marker behind the files of its own layer hides none of them',
      [['d/a'], ['d/x', 'd/.wh..wh..opq']],
      ['0:d/a opaque by 1', '1:d/x'],
    ],
    [
      'a whiteout hides nothing of its own layer, in whatever order',
      [['a'], ['a', '.wh.a']],
      ['0:a whiteout by 1', '1:a'],
    ],
    [
      'an opaque marker in the image root hides everything below',
      [
        ['a', 'd/b'],
        ['.wh..wh..opq', 'c'],
      ],
      ['0:a opaque by 1', '0:d/b opaque by 1', '1:c'],
    ],
    ['only the whole name makes a directory opaque', [['d/a'], ['d/.wh..wh..opqX']], ['0:d/a']],
    [
      'notes of a file system are neither files nor deletions',
      [
        ['d/a', 'plnk'],
        ['.wh..wh.plnk', '.wh..wh.aufs'],
      ],
      ['0:d/a', '0:plnk'],
    ],
    ['markers of the lowest layer delete nothing and are no files', [['a', '.wh.a', 'd/.wh..wh..opq']], ['0:a']],
    [
      'a whiteout of no name, of its directory or of the one above deletes nothing',
      [['d/a'], ['d/.wh.', 'd/.wh..', 'd/.wh...']],
      ['0:d/a'],
    ],
    [
      'a file replaces a directory with all in it',
      [['d/a', 'd/e/b'], ['d']],
      ['0:d/a replaced by 1', '0:d/e/b replaced by 1', '1:d'],
    ],
    ['a directory replaces a file', [['d'], ['d/', 'd/a']], ['0:d replaced by 1', '1:d/a']],
    [
      'a directory joins that of a lower layer',
      [
        ['d/', 'd/a'],
        ['d/', 'd/b'],
      ],
      ['0:d/a', '1:d/b'],
    ],
    ['a directory turned symlink loses its files', [['d/a', 'e/b'], ['d -> e']], ['0:d/a replaced by 1', '0:e/b']],
    ['a device replaces a file', [['a'], ['a!']], ['0:a replaced by 1']],
    ['the last of duplicate entries counts', [['a', 'a']], ['0:a replaced by 0', '0:a']],
    ['what comes back after a deletion is visible', [['a'], ['.wh.a'], ['a']], ['0:a whiteout by 1', '2:a']],
  ])('%s', (_, layers, expected) => {
    expect(filesOf(treeOf(...layers.map((lines) => layer(...lines))))).toEqual(expected)
  })
})

describe('links', () => {
  test('a file below a link of a lower layer goes where the link leads', () => {
    const tree = treeOf(layer('usr/lib/a', 'lib -> usr/lib'), layer('lib/b', 'lib/a'))
    expect(filesOf(tree)).toEqual(['0:usr/lib/a replaced by 1', '1:usr/lib/b', '1:usr/lib/a'])
  })

  test('a marker below a link deletes where the link leads', () => {
    const tree = treeOf(layer('usr/lib/a', 'usr/lib/b', 'lib -> /usr/lib'), layer('lib/.wh.a'))
    expect(filesOf(tree)).toEqual(['0:usr/lib/a whiteout by 1', '0:usr/lib/b'])
  })

  test('an opaque marker in a linked directory hides what is where the link leads', () => {
    const tree = treeOf(layer('real/a', 'link -> real'), layer('link/.wh..wh..opq', 'link/b'))
    expect(filesOf(tree)).toEqual(['0:real/a opaque by 1', '1:real/b'])
  })

  test('a marker in a directory that takes the place of a link deletes nothing where the link led', () => {
    const tree = treeOf(layer('real/a', 'link -> real'), layer('link/', 'link/.wh..wh..opq', 'link/b'))
    expect(filesOf(tree)).toEqual(['0:real/a', '1:link/b'])
  })

  test('a directory below a link is one where the link leads, and its marker counts', () => {
    const tree = treeOf(layer('real/d/a', 'link -> real'), layer('link/d/', 'link/d/.wh..wh..opq', 'link/d/b'))
    expect(filesOf(tree)).toEqual(['0:real/d/a opaque by 1', '1:real/d/b'])
  })

  test('links never lead out of the image', () => {
    const tree = treeOf(layer('etc/x', 'up -> ../../..', 'far -> /../../etc'), layer('up/a', 'far/b'))
    expect(filesOf(tree)).toEqual(['0:etc/x', '1:a', '1:etc/b'])
  })

  test('a file below links in a circle is told of and put nowhere', () => {
    const tree = treeOf(layer('a -> b', 'b -> a'), layer('a/x', 'y'))
    expect(filesOf(tree)).toEqual(['1:y'])
    expect(tree.misplaced).toEqual([{ layer: 1, path: 'a/x', reason: expect.stringContaining('circle') }])
    expect(tree.resolve('a')).toBeUndefined()
  })

  test('a link to nothing gets a directory when something is put below it', () => {
    const tree = treeOf(layer('lib -> usr/lib'), layer('lib/a'))
    expect(filesOf(tree)).toEqual(['1:usr/lib/a'])
  })

  test('what is in the way of a directory is replaced', () => {
    const tree = treeOf(layer('d'), layer('d/e/a'))
    expect(filesOf(tree)).toEqual(['0:d replaced by 1', '1:d/e/a'])
  })

  test('resolving follows links of directories and of files', () => {
    const tree = treeOf(layer('usr/lib/libz.so.1.2', 'usr/lib/libz.so.1 -> libz.so.1.2', 'lib -> usr/lib'))
    expect(tree.resolve('lib/libz.so.1')).toBe('usr/lib/libz.so.1.2')
    expect(tree.resolve('lib/none')).toBeUndefined()
    expect(tree.fileAt('/lib/libz.so.1')?.path).toBe('usr/lib/libz.so.1.2')
  })
})

describe('hard links', () => {
  test('a hard link has the content of its target', () => {
    const tree = treeOf(layer('a', 'b = a'))
    expect(tree.files.map(({ path, content }) => [path, content])).toEqual([
      ['a', { layer: 0, entry: 0 }],
      ['b', { layer: 0, entry: 0 }],
    ])
  })

  test('a hard link keeps the content of a lower layer that a whiteout takes away', () => {
    const tree = treeOf(layer('x', 'a'), layer('b = a'), layer('.wh.a'))
    expect(filesOf(tree)).toEqual(['0:x', '0:a whiteout by 2', '1:b'])
    expect(tree.files[2]?.content).toEqual({ layer: 0, entry: 1 })
  })

  test('a hard link to itself, as tools write for changed modes, stays what it is', () => {
    const tree = treeOf(layer('a'), layer('a = a'))
    expect(tree.files[1]).toMatchObject({ path: 'a', layer: 1, content: { layer: 0, entry: 0 }, shadow: undefined })
  })

  test('a hard link to a symlink is one', () => {
    const tree = treeOf(layer('a', 'l -> a', 'h = l'))
    expect(tree.fileAt('h')?.path).toBe('a')
  })

  test('a hard link to nothing is told of', () => {
    const tree = treeOf(layer('a = gone'))
    expect(tree.files).toEqual([])
    expect(tree.misplaced).toEqual([{ layer: 0, path: 'a', reason: expect.stringContaining('gone') }])
  })
})

test('a whiteout of no name in its directory is told of', () => {
  const tree = treeOf(layer('d/a'), layer('d/.wh.', 'd/.wh..', 'd/.wh...'))
  expect(tree.misplaced.map(({ path }) => path)).toEqual(['d/.wh.', 'd/.wh..', 'd/.wh...'])
})

test('a path of many steps and many links ends', () => {
  const deep = `${'d/'.repeat(5000)}a`
  const chain = Array.from({ length: 200 }, (_, i) => `l${i} -> l${i + 1}/x`)
  const tree = treeOf(layer(...chain), layer(deep, 'l0/y'))
  expect(tree.misplaced.map(({ path }) => path)).toEqual([deep, 'l0/y'])
})
