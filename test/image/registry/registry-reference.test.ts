import { expect, test } from 'vitest'
import {
  parseRegistryReference,
  parseRegistryRepository,
  registryReferenceText,
} from '../../../src/image/registry/registry-reference.ts'

const SHA256 = `sha256:${'a1'.repeat(32)}`
const SHA512 = `sha512:${'b2'.repeat(64)}`

test.each([
  ['alpine', 'docker.io/library/alpine:latest'],
  ['alpine:3.19', 'docker.io/library/alpine:3.19'],
  ['grafana/grafana', 'docker.io/grafana/grafana:latest'],
  ['docker.io/alpine', 'docker.io/library/alpine:latest'],
  ['index.docker.io/library/alpine:1', 'docker.io/library/alpine:1'],
  ['localhost/app', 'localhost/app:latest'],
  ['localhost:5000/app:v1', 'localhost:5000/app:v1'],
  ['127.0.0.1:5000/a/b/c', '127.0.0.1:5000/a/b/c:latest'],
  ['[::1]:5000/app', '[::1]:5000/app:latest'],
  ['ghcr.io/owner/app__x.y-z--w:T_1.0-rc', 'ghcr.io/owner/app__x.y-z--w:T_1.0-rc'],
  ['Host/app', 'Host/app:latest'],
  [`alpine@${SHA256}`, `docker.io/library/alpine@${SHA256}`],
  [`quay.io/a/b:tag@${SHA512}`, `quay.io/a/b:tag@${SHA512}`],
])('%s means %s', (text, canonical) => {
  const reference = parseRegistryReference(text)
  expect(registryReferenceText(reference)).toBe(canonical)
  expect(parseRegistryReference(canonical)).toEqual(reference)
})

test.each([
  ['', 'need HOST/REPOSITORY:TAG, have ""'],
  ['docker://alpine', 'without a scheme'],
  ['alpine:', 'need a tag'],
  ['alpine:-x', 'need a tag'],
  ['alpine:a/b', 'need a host name or address'],
  [`alpine:${'x'.repeat(129)}`, 'need a tag'],
  ['alpine@sha256:abc', 'sha256: with 64'],
  [`alpine@md5:${'a'.repeat(32)}`, 'sha256: with 64'],
  [`alpine@${SHA256.toUpperCase()}`, 'sha256: with 64'],
  ['owner/Alpine', 'not "Alpine" (it has capitals)'],
  ['ghcr.io/a//b', 'not ""'],
  ['ghcr.io/', 'need the name of a repository'],
  ['ghcr.io/../etc', 'not ".."'],
  ['ghcr.io/a b', 'not "a b"'],
  ['ghcr.io/a?b', 'not "a?b"'],
  ['host:99999/app', 'a port of at most 65535'],
  ['-host.io/app', 'need a host name'],
  ['user:pass@host.io/app', 'sha256: with 64'],
  ['a'.repeat(64), 'not the id of an image'],
  [`ghcr.io/${'a'.repeat(256)}`, 'at most 255 characters'],
  ['a'.repeat(2_000), 'at most 1024 characters'],
])('%j is refused with the reason', (text, reason) => {
  expect(() => parseRegistryReference(text)).toThrow(
    expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(reason) }),
  )
})

test('a repository whose tags are all meant has none', () => {
  expect(parseRegistryRepository('ghcr.io/owner/app')).toEqual({
    host: 'ghcr.io',
    repository: 'owner/app',
    tag: null,
    digest: null,
  })
  expect(() => parseRegistryRepository('ghcr.io/owner/app:1')).toThrow(expect.objectContaining({ code: 'USAGE' }))
})
