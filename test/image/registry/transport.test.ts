import { expect, test } from 'vitest'
import { allowsPlainHttp, checkAddress, serverOf, shownAddress } from '../../../src/image/registry/transport.ts'

test.each([
  ['localhost:5000', true],
  ['127.0.0.1', true],
  ['127.8.9.10:80', true],
  ['[::1]:5000', true],
  ['registry.example', false],
  ['127.0.0.1.example', false],
  ['localhost.example', false],
  ['10.0.0.1', false],
])('plain http may be spoken with %s: %s', (host, expected) => {
  expect(allowsPlainHttp(new URL(`https://${host}/`), false)).toBe(expected)
  expect(allowsPlainHttp(new URL(`https://${host}/`), true)).toBe(true)
})

test.each([
  ['https://storage.example/x', 'https://registry.example', false, true],
  ['http://storage.example/x', 'https://registry.example', false, false],
  ['http://storage.example/x', 'https://registry.example', true, false],
  ['http://127.0.0.1/x', 'https://registry.example', false, false],
  ['http://127.0.0.1:1/x', 'http://127.0.0.1:2', false, true],
  ['http://storage.example/x', 'http://127.0.0.1:2', false, false],
  ['http://storage.example/x', 'http://registry.example', true, true],
  ['https://storage.example/x', 'http://127.0.0.1:2', false, true],
  ['ftp://storage.example/x', 'http://127.0.0.1:2', true, false],
  ['file:///etc/passwd', 'http://127.0.0.1:2', true, false],
  ['https://user:pass@storage.example/x', 'https://registry.example', false, false],
])('%s, named by %s, insecure %s, is followed: %s', (address, from, insecure, expected) => {
  const check = (): void => checkAddress(new URL(address), new URL(from), insecure)
  if (expected) expect(check).not.toThrow()
  else
    expect(check).toThrow(
      expect.objectContaining({ code: 'SOURCE_UNSAFE', message: expect.not.stringContaining('pass@') }),
    )
})

test('of an address that is shown, path and query are left out', () => {
  expect(shownAddress(new URL('https://user:pass@storage.example:8443/a?sig=secret'))).toBe(
    'https://storage.example:8443',
  )
})

test('Docker Hub answers under another name', () => {
  expect(serverOf('docker.io')).toBe('registry-1.docker.io')
  expect(serverOf('ghcr.io')).toBe('ghcr.io')
})
