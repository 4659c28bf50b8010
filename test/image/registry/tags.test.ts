import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../../src/bytes/limits.ts'
import { listTags, type RegistryOptions } from '../../../src/image/registry/open-registry.ts'
import { parseRegistryRepository } from '../../../src/image/registry/registry-reference.ts'
import { nextPage } from '../../../src/image/registry/tag-pages.ts'
import { FakeServer, OPTIONS } from './fake-registry.ts'

let server: FakeServer

beforeEach(async () => {
  server = await FakeServer.start()
})
afterEach(() => server.close())

function tags(options: RegistryOptions = OPTIONS): Promise<string[]> {
  return listTags(parseRegistryRepository(`${server.host}/a/b`), options)
}

/** Answers with a page each, the first to a request without `last`. */
function serve(...pages: readonly (readonly string[] | null)[]): void {
  server.handle = ({ url }, response) => {
    const index = Number(new URL(url, 'http://x').searchParams.get('last') ?? 0)
    if (index + 1 < pages.length) response.setHeader('link', `</v2/a/b/tags/list?n=1000&last=${index + 1}>; rel="next"`)
    return response.end(JSON.stringify({ name: 'a/b', tags: pages[index] })) && true
  }
}

test('all pages are read, in the order of the registry, each tag once', async () => {
  serve(['v2', 'v10'], ['v10', 'v1'], [], ['latest'])
  expect(await tags()).toEqual(['v2', 'v10', 'v1', 'latest'])
  expect(server.requests.map(({ url }) => url)[0]).toBe('/v2/a/b/tags/list?n=1000')
  expect(server.requests).toHaveLength(4)
})

test('a repository whose tags are all deleted has none', async () => {
  serve(null)
  expect(await tags()).toEqual([])
})

test('a repository that is not there is told', async () => {
  await expect(tags()).rejects.toMatchObject({
    code: 'IMAGE_NOT_FOUND',
    message: expect.stringContaining(`no list of tags of ${server.host}/a/b`),
  })
})

test('tags are bounded, pages without end are too', async () => {
  serve(['a', 'b'], ['c'])
  await expect(tags({ ...OPTIONS, limits: { ...DEFAULT_LIMITS, registryTags: 2 } })).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    message: expect.stringContaining('limits.registryTags'),
  })
})

test('a page that leads to itself is an error', async () => {
  server.handle = ({ url }, response) => {
    response.setHeader('link', `<${url}>; rel="next"`)
    return response.end('{"tags":["a"]}') && true
  }
  await expect(tags()).rejects.toMatchObject({
    code: 'REGISTRY_FAILED',
    message: expect.stringContaining('leads to itself'),
  })
})

describe('a damaged list is refused with the field', () => {
  test.each([
    ['no JSON', 'x', 'need JSON in the list of tags of'],
    ['no list', '{"tags":{}}', 'need a list of texts as tags'],
    ['numbers', '{"tags":[1]}', 'need a list of texts as tags'],
    ['what is no tag', '{"tags":["a/../b"]}', 'need a list of tags as tags'],
  ])('%s', async (_damage, body, message) => {
    server.handle = (_request, response) => response.end(body) && true
    await expect(tags()).rejects.toMatchObject({ code: 'FORMAT_CORRUPT', message: expect.stringContaining(message) })
  })
})

test.each([
  ['', undefined],
  ['</v2/a/tags/list?last=x&n=2>; rel="next"', '/v2/a/tags/list?last=x&n=2'],
  ['</v2/a/tags/list?last=x>;rel=next', '/v2/a/tags/list?last=x'],
  ['<http://internal.example/v2/a/tags/list?last=x>; rel="next"', '/v2/a/tags/list?last=x'],
  ['<//evil.example//x>; rel="next"', '/x'],
  ['</first>; rel="first", </second>; rel="next"', '/second'],
  ['</first>; rel="prev"', undefined],
  ['<x', undefined],
])('of the link %s the next page is %s', (link, expected) => {
  expect(nextPage(link)).toBe(expected)
})
