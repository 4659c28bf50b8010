import { expect, test } from 'vitest'
import { versionOfFileName } from '../../src/versions/file-name.ts'

test.each([
  ['libz.so.1.3.1', 'libz', '1.3.1'],
  ['libcurl.so.4.8.0', 'libcurl', '4.8.0'],
  ['libFoo-1.2.3.so', 'libfoo', '1.2.3'],
  ['foo-1.2.dll', 'foo', '1.2'],
])('%s is a library with a version', (name, library, version) => {
  expect(versionOfFileName(name)).toEqual({ library, version })
})

test.each(['libz.so.1', 'libz.so', 'libz.a', 'zlib1.dll', 'libglib-2.0', '.so.1.2.3', ''])('%j spells none', (name) => {
  expect(versionOfFileName(name)).toBeUndefined()
})
