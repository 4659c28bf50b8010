import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { AuthorizationCache } from '../../../src/image/registry/authorizer.ts'
import { openRegistry, type RegistryOptions } from '../../../src/image/registry/open-registry.ts'
import { parseRegistryReference } from '../../../src/image/registry/registry-reference.ts'
import { runDirectory } from '../../fixtures/run-directory.ts'
import { FakeContent, FakeServer, fail, OPTIONS } from './fake-registry.ts'

let content: FakeContent
let registry: FakeServer
let tokens: FakeServer
let home: string
/** What the token service answers with. */
let token: object

beforeEach(async () => {
  content = new FakeContent()
  content.image('v1')
  registry = await FakeServer.start(content)
  tokens = await FakeServer.start()
  home = mkdtempSync(join(runDirectory(), 'authorization-'))
  token = { token: 'T1', expires_in: 300 }
  tokens.handle = (_request, response) => response.end(JSON.stringify(token)) && true
})
afterEach(async () => {
  await registry.close()
  await tokens.close()
})

/** Lets in whoever has one of the headers. */
function demand(challenge: string, ...accepted: string[]): void {
  registry.handle = ({ headers }, response) =>
    !accepted.includes(headers.authorization ?? '') &&
    fail(response, 401, 'UNAUTHORIZED', 'authentication required', { 'www-authenticate': challenge })
}

function bearer(scope = 'repository:a/b:pull', realm = `http://${tokens.host}/token`): string {
  return `Bearer realm="${realm}",service="fake registry",scope="${scope}"`
}

function logIn(entry: object): void {
  mkdirSync(join(home, '.docker'), { recursive: true })
  writeFileSync(join(home, '.docker', 'config.json'), JSON.stringify({ auths: { [registry.host]: entry } }))
}

function basic(user: string, password: string): string {
  return Buffer.from(`${user}:${password}`).toString('base64')
}

function open(options: Partial<RegistryOptions> = {}): ReturnType<typeof openRegistry> {
  const environment = { HOME: home, PATH: `${home}/bin:${process.env['PATH']}` }
  return openRegistry(parseRegistryReference(`${registry.host}/a/b:v1`), { ...OPTIONS, environment, ...options })
}

async function opens(options: Partial<RegistryOptions> = {}): Promise<void> {
  const { store } = await open(options)
  await store.close()
}

async function failure(): Promise<Error> {
  return (await open().catch((error: unknown) => error)) as Error
}

describe('tokens', () => {
  test('are asked for without credentials where there are none', async () => {
    demand(bearer(), 'Bearer T1')
    await opens()
    const [request] = tokens.requests
    expect(request).toMatchObject({
      method: 'GET',
      url: '/token?service=fake+registry&scope=repository%3Aa%2Fb%3Apull',
    })
    expect(request?.headers.authorization).toBeUndefined()
  })

  test('are asked for with user and password, which the registry never sees', async () => {
    logIn({ auth: basic('alice', 's3cret') })
    demand(bearer(), 'Bearer T1')
    await opens()
    expect(tokens.requests[0]?.headers.authorization).toBe(`Basic ${basic('alice', 's3cret')}`)
    expect(tokens.requests[0]?.url).toContain('account=alice')
    expect(registry.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, 'Bearer T1'])
  })

  test('are changed for an identity token by POST', async () => {
    logIn({ auth: basic('00000000', ''), identitytoken: 'R&1' })
    token = { access_token: 'T1' }
    demand(bearer(), 'Bearer T1')
    await opens()
    const [request] = tokens.requests
    expect(request).toMatchObject({ method: 'POST', url: '/token' })
    expect(Object.fromEntries(new URLSearchParams(request?.body))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'binprint',
      scope: 'repository:a/b:pull',
      refresh_token: 'R&1',
      service: 'fake registry',
    })
    expect(request?.headers.authorization).toBeUndefined()
  })

  test('ask for each scope of the challenge', async () => {
    demand(bearer('repository:a/b:pull repository:base:pull'), 'Bearer T1')
    await opens()
    expect(new URL(tokens.requests[0]?.url ?? '', 'http://x').searchParams.getAll('scope')).toEqual([
      'repository:a/b:pull',
      'repository:base:pull',
    ])
  })

  test('are kept for all that the store reads', async () => {
    const { config } = content.image('v1')
    demand(bearer(), 'Bearer T1')
    const { store } = await open()
    await store.read(config, 'blob')
    await store.close()
    expect(tokens.requests).toHaveLength(1)
    expect(registry.seen('/blobs/')).toHaveLength(1)
  })

  test('are kept for a sweep that shares them', async () => {
    demand(bearer(), 'Bearer T1')
    const authorizations = new AuthorizationCache()
    await opens({ authorizations })
    await opens({ authorizations })
    expect(tokens.requests).toHaveLength(1)
  })

  test('that are over are not used again', async () => {
    token = { token: 'T1', expires_in: 1 }
    demand(bearer(), 'Bearer T1')
    const authorizations = new AuthorizationCache()
    await opens({ authorizations })
    await opens({ authorizations })
    expect(tokens.requests).toHaveLength(2)
  })

  test('that the registry no longer takes are asked for anew', async () => {
    const { config } = content.image('v1')
    demand(bearer(), 'Bearer T1')
    const { store } = await open()
    token = { token: 'T2' }
    demand(bearer(), 'Bearer T2')
    await store.read(config, 'blob')
    await store.close()
    expect(tokens.requests).toHaveLength(2)
  })

  test('are asked for again where the service is busy', async () => {
    demand(bearer(), 'Bearer T1')
    tokens.handle = (_request, response) =>
      tokens.requests.length === 1
        ? fail(response, 503, 'BUSY', 'busy')
        : response.end(JSON.stringify({ token: 'T1' })) && true
    await opens()
  })

  test.each(['{}', 'T1', '{"token": 1}', '{"token": "a\\nb"}', '[]'])(
    'an answer without one is refused: %s',
    async (text) => {
      demand(bearer(), 'Bearer T1')
      tokens.handle = (_request, response) => response.end(text) && true
      expect(await failure()).toMatchObject({
        code: 'REGISTRY_FAILED',
        message: `need JSON with a token from token service ${tokens.host}, have something else`,
      })
    },
  )
})

describe('a token service', () => {
  test('over plain http elsewhere is refused, and nothing is sent', async () => {
    logIn({ auth: basic('alice', 's3cret') })
    demand(bearer('x', 'http://tokens.example/token'), 'Bearer T1')
    expect(await failure()).toMatchObject({
      code: 'SOURCE_UNSAFE',
      message: `refused http://tokens.example, which ${registry.host} names: need https`,
    })
  })

  test.each(['', 'not an address', 'file:///etc/passwd', '//tokens'])('at %j is refused', async (realm) => {
    demand(bearer('x', realm), 'Bearer T1')
    expect(await failure()).toMatchObject({ code: expect.stringMatching(/^(REGISTRY_FAILED|SOURCE_UNSAFE)$/) })
  })

  test('that leads elsewhere does not take the password along', async () => {
    logIn({ auth: basic('alice', 's3cret') })
    demand(bearer(), 'Bearer T1')
    const other = await FakeServer.start()
    other.handle = (_request, response) => response.end(JSON.stringify({ token: 'T1' })) && true
    tokens.handle = (_request, response) =>
      response.writeHead(307, { location: `http://${other.host}/t` }).end() && true
    await opens()
    expect(other.requests[0]?.headers.authorization).toBeUndefined()
    await other.close()
  })

  test('that leads elsewhere does not get the identity token sent there', async () => {
    logIn({ identitytoken: 'R1' })
    demand(bearer(), 'Bearer T1')
    const other = await FakeServer.start()
    tokens.handle = (_request, response) =>
      response.writeHead(307, { location: `http://${other.host}/t` }).end() && true
    expect(await failure()).toMatchObject({ code: 'REGISTRY_FAILED' })
    expect(other.requests).toEqual([])
    await other.close()
  })

  test('that refuses the credentials is told with where they are from, and without them', async () => {
    logIn({ auth: basic('alice', 's3cret') })
    demand(bearer(), 'Bearer T1')
    tokens.handle = (_request, response) => fail(response, 401, 'UNAUTHORIZED', 'incorrect password')
    const error = await failure()
    expect(error).toMatchObject({ code: 'IMAGE_UNAUTHORIZED' })
    expect(error.message).toContain('refuses with 401: UNAUTHORIZED: incorrect password')
    expect(error.message).toContain(`auths["${registry.host}"] of ${home}/.docker/config.json`)
    expect(error.message).toContain(`docker login ${registry.host}`)
    expect(error.message).not.toContain('s3cret')
    expect(error.message).not.toContain(basic('alice', 's3cret'))
  })
})

describe('basic credentials', () => {
  test('go to the registry that asks for them, after it asked', async () => {
    logIn({ auth: basic('alice', 's3cret') })
    demand('Basic realm="here"', `Basic ${basic('alice', 's3cret')}`)
    await opens()
    expect(registry.requests[0]?.headers.authorization).toBeUndefined()
    expect(registry.requests).toHaveLength(2)
  })

  test('that are not there are asked of the user, with the files looked at', async () => {
    demand('Basic realm="here"', 'nothing')
    expect(await failure()).toMatchObject({
      code: 'IMAGE_UNAUTHORIZED',
      message: expect.stringContaining(
        `need a user name and a password for ${registry.host}: no credentials are in ${home}/.docker/config.json`,
      ),
    })
  })

  test('that are refused are not sent without end', async () => {
    logIn({ auth: basic('alice', 'wrong') })
    demand('Basic realm="here"', 'nothing')
    expect(await failure()).toMatchObject({
      code: 'IMAGE_UNAUTHORIZED',
      message: expect.stringContaining('refuses manifest v1 of'),
    })
    expect(registry.requests).toHaveLength(2)
  })

  test.skipIf(process.platform === 'win32')('come from a helper, which is asked once', async () => {
    mkdirSync(join(home, 'bin'))
    const program = join(home, 'bin', 'docker-credential-fake')
    writeFileSync(program, `#!/bin/sh\necho x >> "$HOME/asked"\necho '{"Username":"AWS","Secret":"ecr"}'\n`)
    chmodSync(program, 0o755)
    mkdirSync(join(home, '.docker'))
    writeFileSync(join(home, '.docker', 'config.json'), JSON.stringify({ credHelpers: { [registry.host]: 'fake' } }))
    demand('Basic realm="https://ecr.example/",service="ecr"', `Basic ${basic('AWS', 'ecr')}`)
    await opens()
    expect(registry.requests).toHaveLength(2)
  })
})

test('a refusal without a way to log in is told as such', async () => {
  registry.handle = (_request, response) =>
    fail(response, 401, 'UNAUTHORIZED', 'no', { 'www-authenticate': 'Negotiate' })
  expect(await failure()).toMatchObject({
    code: 'IMAGE_UNAUTHORIZED',
    message: `need a Bearer or Basic challenge from ${registry.host}, have Negotiate: it cannot be logged in to`,
  })
})

test('a registry that denies is told with its reason', async () => {
  registry.handle = (_request, response) => fail(response, 403, 'DENIED', 'requested access is denied')
  expect(await failure()).toMatchObject({
    code: 'IMAGE_UNAUTHORIZED',
    message: expect.stringContaining('DENIED: requested access is denied'),
  })
})
