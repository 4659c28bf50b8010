import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openRegistry } from '../../../src/image/registry/open-registry.ts'
import { parseRegistryReference } from '../../../src/image/registry/registry-reference.ts'
import { runDirectory } from '../../fixtures/run-directory.ts'
import { FakeContent, FakeServer, fail, OPTIONS } from './fake-registry.ts'

let content: FakeContent
let registry: FakeServer
let storage: FakeServer

beforeEach(async () => {
  content = new FakeContent()
  content.image('v1')
  registry = await FakeServer.start(content)
  storage = await FakeServer.start(content)
})
afterEach(async () => {
  await registry.close()
  await storage.close()
})

async function open(): Promise<void> {
  const home = mkdtempSync(join(runDirectory(), 'redirects-'))
  mkdirSync(join(home, '.docker'))
  const auth = Buffer.from('alice:s3cret').toString('base64')
  writeFileSync(join(home, '.docker', 'config.json'), JSON.stringify({ auths: { [registry.host]: { auth } } }))
  const options = { ...OPTIONS, environment: { HOME: home } }
  const { store } = await openRegistry(parseRegistryReference(`${registry.host}/a:v1`), options)
  await store.close()
}

/** Basic authorization first, then to where `location` says. */
function lead(location: (url: string) => string | undefined, status = 307): void {
  registry.handle = ({ url, headers }, response) => {
    if (headers.authorization === undefined)
      return fail(response, 401, 'UNAUTHORIZED', 'log in', { 'www-authenticate': 'Basic realm="x"' })
    const to = location(url)
    return to !== undefined && response.writeHead(status, { location: to }).end() && true
  }
}

test.each([301, 302, 303, 307, 308])('%i to another port of the host carries no authorization', async (status) => {
  lead((url) => `http://${storage.host}${url}?signature=x`, status)
  storage.handle = ({ url }, response) => url.endsWith('?signature=x') && response.end('{"schemaVersion":2}') && true
  await open()
  expect(registry.requests.at(-1)?.headers.authorization).toBeDefined()
  expect(storage.requests).toHaveLength(1)
  expect(storage.requests[0]?.headers.authorization).toBeUndefined()
})

test('one within the registry carries it along', async () => {
  lead((url) => (url.startsWith('/v2/a/') ? '/v2/moved/manifests/v1' : undefined))
  await open()
  expect(registry.seen('/v2/moved/').at(-1)?.headers.authorization).toBeDefined()
})

test('one that leads out and back carries none any more', async () => {
  lead((url) => `http://${storage.host}${url}`)
  storage.handle = (_request, response) =>
    response.writeHead(302, { location: `http://${registry.host}/back` }).end() && true
  await expect(open()).rejects.toMatchObject({ code: 'REGISTRY_FAILED' })
  expect(registry.seen('/back').every(({ headers }) => headers.authorization === undefined)).toBe(true)
})

test('a challenge of another host is not answered', async () => {
  lead((url) => `http://${storage.host}${url}`)
  storage.handle = (_request, response) =>
    fail(response, 401, 'UNAUTHORIZED', 'log in', { 'www-authenticate': 'Basic realm="x"' })
  await expect(open()).rejects.toMatchObject({
    code: 'REGISTRY_FAILED',
    message: expect.stringContaining(`http://${storage.host}, to which ${registry.host} leads, answers 401`),
  })
  expect(storage.requests.every(({ headers }) => headers.authorization === undefined)).toBe(true)
})

test.each([
  ['http://storage.example/x?sig=SECRET', 'refused http://storage.example,'],
  ['ftp://storage.example/x', 'refused ftp://storage.example,'],
  ['https://user:SECRET@storage.example/x', 'with credentials in it'],
])('one to %s is refused, and its secrets are not shown', async (location, message) => {
  lead(() => location)
  const error = await open().catch((failure: unknown) => failure)
  expect(error).toMatchObject({ code: 'SOURCE_UNSAFE', message: expect.stringContaining(message) })
  expect(String(error)).not.toContain('SECRET')
})

test('a circle of them ends', async () => {
  lead((url) => url)
  await expect(open()).rejects.toMatchObject({
    code: 'REGISTRY_FAILED',
    message: expect.stringContaining('have more than 10 redirects'),
  })
  expect(registry.requests.length).toBeLessThan(20)
})
