import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashText } from '../../src/bytes/hash.ts'
import { templatesOf, versionLiteral } from '../../src/fingerprint/templates.ts'

/** Whole template, head and captured version, each behind the text; `-` where there is none. */
const BANNERS: readonly (readonly [text: string, whole: string, head: string, version: string])[] = [
  [
    ' deflate 1.2.13 Copyright 1995-2022 A. Author and B. Author ',
    ' deflate {V} Copyright {Y}-{Y} A. Author and B. Author ',
    ' deflate {V}',
    '1.2.13',
  ],
  ['OpenSSL 3.0.15 3 Sep 2024', 'OpenSSL {V} {D}', 'OpenSSL {V}', '3.0.15'],
  ['OpenSSL 1.1.1w  11 Sep 2023', 'OpenSSL {V} {D}', 'OpenSSL {V}', '1.1.1w'],
  ['OpenSSL 3.0.15+quic 3 Sep 2024', 'OpenSSL {V} {D}', 'OpenSSL {V}', '3.0.15+quic'],
  ['BusyBox v1.35.0 (Debian 1:1.35.0-4)', 'BusyBox v{V} (Debian 1:{V})', 'BusyBox v{V}', '1.35.0'],
  ['BusyBox v1.36.1 (2023-05-19 10:22:11 UTC)', 'BusyBox v{V} ({D} {T} UTC)', 'BusyBox v{V}', '1.36.1'],
  ['libcurl/7.88.1', 'libcurl/{V}', 'libcurl/{V}', '7.88.1'],
  ['libfoo_1_4_2', 'libfoo_{V}', 'libfoo_{V}', '1.4.2'],
  ['libfoo-2.1.0-e00f703', 'libfoo-{V}', 'libfoo-{V}', '2.1.0-e00f703'],
  ['release-2.1.0', 'release-{V}', '-', '2.1.0'],
  ['node-v20.20.2 (9fb1f4bc3a)', 'node-v{V} ({H})', 'node-v{V}', '20.20.2'],
  ['8.45 2021-06-15', '{V} {D}', '-', '8.45'],
  ['libfoo version 1.6.40 - June 21, 2023\n', 'libfoo version {V} - {D} ', 'libfoo version {V}', '1.6.40'],
  ['libfoo\t\n  2.0', 'libfoo {V}', 'libfoo {V}', '2.0'],
  ['written in 2004 for libfoo 1.2rc1', 'written in {Y} for libfoo {V}', 'written in {Y} for libfoo {V}', '1.2rc1'],
  ['alpha libfoo 2.0alpha3', 'alpha libfoo {V}', 'alpha libfoo {V}', '2.0alpha3'],
  ['listen 127.0.0.1, libfoo 1.9', 'listen 127.0.0.1, libfoo {V}', 'listen 127.0.0.1, libfoo {V}', '1.9'],
  ['ab 1.2.3', 'ab {V}', '-', '1.2.3'],
  ['v1.2.3 of it all', 'v{V} of it all', '-', '1.2.3'],
]

describe.each(BANNERS)('%j', (text, whole, head, version) => {
  test('gives its whole template and its head', () => {
    const expected = [hashText(whole), ...(head === '-' ? [] : [hashText(`${head}…`)])]
    expect(templatesOf(text).map((template) => template.hash)).toEqual(expected)
  })

  test('captures its first version, separators as dots', () => {
    expect(new Set(templatesOf(text).map((template) => template.version))).toEqual(new Set([version]))
  })
})

describe('no version', () => {
  test.each([
    ['an address', 'connect to 192.168.0.17 now'],
    ['the loopback', 'http://127.0.0.1:8080/'],
    ['any address', 'bind 0.0.0.0'],
    ['a mask', 'mask 255.255.255.0'],
    ['a broadcast address', 'to 172.16.3.255'],
    ['a private address', 'gateway 10.0.0.138'],
    ['five numbers', 'object 1.3.6.1.5'],
    ['an object identifier', 'oid 1.3.6.1.4.1.311.2.1.12'],
    ['a number of five digits', 'size 12345.5'],
    ['one number', 'level 13'],
    ['a name behind the number', 'libfoo.so.1.2.3name'],
    ['a number that goes on', '1.2.3.4.5.6'],
  ])('is %s', (_name, text) => {
    expect(templatesOf(text)).toEqual([])
  })
})

describe('two releases of one banner', () => {
  test.each([
    ['libfoo 1.2.3 (built 2019-01-02)', 'libfoo 1.2.10 (built 2024-11-30)'],
    ['libfoo 1.2.3, Jan 2 2019', 'libfoo 1.3, December 30, 2024'],
    ['libfoo 1.2.3 at 09:00', 'libfoo 1.2.3 at 23:59:59'],
    ['libfoo 1.2 (c) 1999-2004', 'libfoo 3.4 (c) 1999-2025'],
    ['libfoo 1.2 g0123abc', 'libfoo 1.3 g0123abc'],
    ['libfoo 1.2 [0123abcd]', 'libfoo 1.3 [fe98dc76ba]'],
  ])('%j and %j have one whole template', (a, b) => {
    expect(templatesOf(a)[0]!.hash).toBe(templatesOf(b)[0]!.hash)
  })

  test('that differ in words behind the version have one head', () => {
    const [a, b] = ['BusyBox v1.35.0 (Debian)', 'BusyBox v1.36.1 (Alpine)'].map(templatesOf)
    expect(a![0]!.hash).not.toBe(b![0]!.hash)
    expect(a![1]).toEqual({ ...b![1], version: '1.35.0' })
  })

  test('a head never equals a whole template', () => {
    expect(new Set(templatesOf('libfoo 1.2').map((template) => template.hash)).size).toBe(2)
  })
})

describe('a template names its component', () => {
  test.each([
    ['libfoo 1.2', [true, true]],
    ['1.2 of libfoo', [true]],
    ['ab 1.2 cd', [true]],
    ['abc 1.2', [false]],
    ['Library version 1.2 for Linux', [false]],
    ['1.2.3 (2024)', [false]],
    ['12 Jan 2024, 1.2.3', [false]],
  ])('%j when four letters of its own are left: %j', (text, naming) => {
    expect(templatesOf(text).map((template) => template.selfNaming)).toEqual(naming)
  })
})

describe('a literal', () => {
  test.each([
    ['1.2.13', '1.2.13'],
    ['v1.2.13', '1.2.13'],
    ['1_2', '1.2'],
    ['1.0.0-rc.1', '1.0.0-rc.1'],
    ['2.0~beta1', '2.0~beta1'],
    ['255.255.255.0', undefined],
    ['1.2.3.4.5', undefined],
    ['1.2.3 ', undefined],
    ['version 1.2', undefined],
    ['', undefined],
  ])('%j is the version %s', (text, version) => {
    expect(versionLiteral(text)).toBe(version)
  })
})

test('whatever stands around it, a version in words is found', () => {
  const word = fc.stringMatching(/^[A-Za-z]{1,8}$/)
  const version = fc.tuple(fc.nat(99), fc.nat(99), fc.nat(9998)).map((parts) => parts.join('.'))
  fc.assert(
    fc.property(word, version, word, (before, number, after) => {
      expect(templatesOf(`${before} ${number} ${after}`)[0]?.version).toBe(number)
      expect(templatesOf(`${before} ${number} ${after}`)[0]?.hash).toBe(templatesOf(`${before} 77.7 ${after}`)[0]?.hash)
    }),
  )
})
