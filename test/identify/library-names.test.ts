import { describe, expect, test } from 'vitest'
import { libraryNames } from '../../src/identify/library-names.ts'

describe('a library that a program asks for is known without directory, version and extension', () => {
  test.each([
    ['libz.so.1', ['libz']],
    ['libz.so', ['libz']],
    ['/usr/lib/libz.so.1.2.13', ['libz']],
    ['C:\\Windows\\ZLIB1.DLL', ['zlib1']],
    ['libssl.so.1.1', ['libssl']],
    ['libcrypto-3-x64.dll', ['libcrypto-3-x64', 'libcrypto']],
    ['libpng16.so.16', ['libpng16']],
    ['libglib-2.0.so.0', ['libglib-2.0', 'libglib-2', 'libglib']],
    ['libcurl-gnutls.so.4', ['libcurl-gnutls']],
    ['libfoo.1.2.dylib', ['libfoo.1.2', 'libfoo']],
    ['libSystem.B.dylib', ['libsystem.b']],
    ['libz3.so.4', ['libz3']],
    ['libssl3.so', ['libssl3']],
  ])('%s', (needed, names) => {
    expect(libraryNames(needed)).toEqual(names)
  })

  test.each(['1.dll', '7.so', '', '.so.1'])('%j has some name', (needed) => {
    expect(libraryNames(needed)).toEqual([expect.any(String)])
  })
})
