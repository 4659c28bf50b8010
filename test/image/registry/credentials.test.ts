import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { askCredentialProgram } from '../../../src/image/registry/credential-program.ts'
import { authFiles, type Credentials, findCredentials } from '../../../src/image/registry/credentials.ts'
import { runDirectory } from '../../fixtures/run-directory.ts'

let home: string
let environment: Record<string, string>

beforeEach(() => {
  home = mkdtempSync(join(runDirectory(), 'credentials-'))
  environment = { HOME: home, PATH: `${home}/bin:${process.env['PATH']}` }
})

function write(path: string, content: unknown): string {
  const file = join(home, path)
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, typeof content === 'string' ? content : JSON.stringify(content))
  return file
}

function basic(user: string, password: string): { auth: string } {
  return { auth: Buffer.from(`${user}:${password}`).toString('base64') }
}

/** A fake `docker-credential-NAME`: a shell script that has the server's name as `$server`. */
function helper(name: string, script: string): void {
  const file = write(
    `bin/docker-credential-${name}`,
    `#!/bin/sh\nread server\necho "$1 $server" >> "$HOME/asked"\n${script}\n`,
  )
  chmodSync(file, 0o755)
}

function asked(): readonly string[] {
  const file = join(home, 'asked')
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
}

async function userOf(host: string, repository = 'a/b'): Promise<string | undefined> {
  return (await findCredentials(host, repository, environment))?.username
}

describe('files', () => {
  test('are those of Docker, then of podman', () => {
    expect(authFiles({ HOME: '/h', XDG_RUNTIME_DIR: '/run/user/1' })).toEqual([
      '/h/.docker/config.json',
      '/run/user/1/containers/auth.json',
      '/h/.config/containers/auth.json',
    ])
    expect(authFiles({ HOME: '/h', DOCKER_CONFIG: '/d' })).toContain('/d/config.json')
    expect(authFiles({})).toEqual([])
  })

  test('REGISTRY_AUTH_FILE is the only one where it is set', () => {
    expect(authFiles({ HOME: '/h', DOCKER_CONFIG: '/d', REGISTRY_AUTH_FILE: '/only.json' })).toEqual(['/only.json'])
  })

  test('the first that has credentials counts, and none is no error', async () => {
    expect(await userOf('r.example')).toBeUndefined()
    write('.config/containers/auth.json', { auths: { 'r.example': basic('podman', 'x') } })
    expect(await userOf('r.example')).toBe('podman')
    write('.docker/config.json', { auths: { 'r.example': basic('docker', 'x') } })
    expect(await userOf('r.example')).toBe('docker')
  })
})

describe('entries', () => {
  test('a password may hold colons, and is cut at zeros', async () => {
    const file = write('.docker/config.json', { auths: { 'r.example': basic('u', 'p:q\0\0') } })
    expect(await findCredentials('r.example', 'a', environment)).toEqual<Credentials>({
      username: 'u',
      secret: 'p:q',
      isIdentityToken: false,
      from: `auths["r.example"] of ${file}`,
    })
  })

  test('an identity token goes before a password', async () => {
    write('.docker/config.json', { auths: { 'r.example': { ...basic('u', ''), identitytoken: 'id' } } })
    expect(await findCredentials('r.example', 'a', environment)).toMatchObject({ secret: 'id', isIdentityToken: true })
  })

  test.each([
    ['docker.io', 'https://index.docker.io/v1/'],
    ['docker.io', 'docker.io'],
    ['docker.io', 'index.docker.io'],
    ['r.example', 'https://r.example'],
    ['r.example', 'https://r.example/v2/'],
    ['r.example:5000', 'r.example:5000'],
  ])('of %s may stand under %s', async (host, key) => {
    write('.docker/config.json', { auths: { [key]: basic('u', 'p') } })
    expect(await userOf(host)).toBe('u')
  })

  test.each([
    ['r.example:5000', 'r.example'],
    ['r.example', 'r.example:5000'],
    ['r.example', 'example'],
    ['evil.example', 'r.example'],
    ['r.example', 'https://index.docker.io/v1/'],
  ])('of %s are not those under %s', async (host, key) => {
    write('.docker/config.json', { auths: { [key]: basic('u', 'p') } })
    expect(await userOf(host)).toBeUndefined()
  })

  test('the longest path that holds the repository counts', async () => {
    const auths = { 'r.example': basic('host', ''), 'r.example/a': basic('a', ''), 'r.example/a/b': basic('ab', '') }
    write('.config/containers/auth.json', { auths })
    expect(await userOf('r.example', 'a/b')).toBe('ab')
    expect(await userOf('r.example', 'a/bc')).toBe('a')
    expect(await userOf('r.example', 'c')).toBe('host')
  })

  test.each([
    ['no JSON', '{"auths": SECRET', 'need a JSON object in'],
    ['no object', '["SECRET"]', 'need a JSON object in'],
    ['entries of no object', '{"auths": "SECRET"}', 'as auths of'],
    ['no base64 of user and password', '{"auths": {"r.example": {"auth": "SECRET"}}}', 'as auths["r.example"].auth of'],
    ['a number', '{"auths": {"r.example": {"auth": 1}}}', 'as auths["r.example"].auth of'],
    ['an entry of no object', '{"auths": {"r.example": "SECRET"}}', 'as auths["r.example"] of'],
    ['a helper without a name', '{"credHelpers": {"r.example": ["SECRET"]}}', 'as credHelpers["r.example"] of'],
    ['a store without a name', '{"credsStore": {"x": "SECRET"}}', 'as credsStore of'],
  ])('a damaged file with %s is named, and its text is not', async (_damage, text, message) => {
    const file = write('.docker/config.json', text)
    const failure = await findCredentials('r.example', 'a', environment).catch((error: unknown) => error)
    expect(failure).toMatchObject({
      code: 'FORMAT_CORRUPT',
      message: expect.stringContaining(message),
      locus: { path: file },
    })
    expect(String(failure) + JSON.stringify(failure)).not.toContain('SECRET')
    expect(failure).not.toHaveProperty('cause')
  })
})

describe.skipIf(process.platform === 'win32')('helpers', () => {
  const ANSWER = `echo '{"ServerURL":"x","Username":"helped","Secret":"s"}'`

  test('are asked by the key of the host, before what stands in the file', async () => {
    helper('ecr-login', ANSWER)
    write('.docker/config.json', { credHelpers: { 'r.example': 'ecr-login' }, auths: { 'r.example': basic('u', 'p') } })
    expect(await userOf('r.example')).toBe('helped')
    expect(asked()).toEqual(['get r.example'])
    expect(await userOf('other.example')).toBeUndefined()
    expect(asked()).toHaveLength(1)
  })

  test('the store of all hosts knows Docker Hub by its old address', async () => {
    helper('store', ANSWER)
    write('.docker/config.json', { credsStore: 'store' })
    await userOf('docker.io')
    await userOf('r.example:5000')
    expect(asked()).toEqual(['get https://index.docker.io/v1/', 'get r.example:5000'])
  })

  test('without credentials leave it to what stands in the file', async () => {
    helper('store', 'echo "credentials not found in native keychain"; exit 1')
    write('.docker/config.json', { credsStore: 'store', auths: { 'r.example': basic('u', 'p') } })
    expect(await userOf('r.example')).toBe('u')
  })

  test('the user <token> marks an identity token', async () => {
    helper('acr', `echo '{"Username":"<token>","Secret":"refresh"}'`)
    write('.docker/config.json', { credHelpers: { 'r.example': 'acr' } })
    expect(await findCredentials('r.example', 'a', environment)).toMatchObject({
      secret: 'refresh',
      isIdentityToken: true,
    })
  })

  test.each([
    ['fails', 'echo SECRET; echo SECRET >&2; exit 3', 'exit code 3: run "echo r.example | docker-credential-bad get"'],
    ['prints no JSON', 'echo SECRET', 'needs to print JSON with Username and Secret'],
    ['prints no secret', `echo '{"Username":"SECRET"}'`, 'needs to print JSON with Username and Secret'],
    ['prints without end', 'yes SECRET', 'printed more than 1048576 bytes'],
  ])('one that %s is named, and what it prints is not', async (_what, script, message) => {
    helper('bad', script)
    write('.docker/config.json', { credsStore: 'bad' })
    const failure = await findCredentials('r.example', 'a', environment).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'IMAGE_UNAUTHORIZED', message: expect.stringContaining(message) })
    expect(String(failure)).toContain('docker-credential-bad')
    expect(String(failure) + JSON.stringify(failure)).not.toContain('SECRET')
  })

  test('one that is not installed is named, with what to do', async () => {
    write('.docker/config.json', { credsStore: 'absent' })
    await expect(userOf('r.example')).rejects.toMatchObject({
      code: 'IMAGE_UNAUTHORIZED',
      message: expect.stringContaining('docker-credential-absent'),
    })
  })

  test.each(['../evil', '/bin/sh', 'a b', '-x', 'a\\b', ''])(
    'the name %j is refused and nothing is run',
    async (name) => {
      await expect(askCredentialProgram(name, 'r.example', 'config.json', { environment })).rejects.toMatchObject({
        code: 'IMAGE_UNAUTHORIZED',
        message: expect.stringContaining('need the plain name of a credential helper in config.json'),
      })
    },
  )

  test('one that does not end is stopped, even where it leaves another behind', async () => {
    helper('slow', 'sleep 20')
    const options = { environment, timeoutMilliseconds: 200 }
    await expect(askCredentialProgram('slow', 'r.example', 'config.json', options)).rejects.toMatchObject({
      message: expect.stringContaining('did not end within 0.2 seconds'),
    })
  })

  test('one is stopped by the signal', async () => {
    helper('slow', 'exec sleep 20')
    const options = { environment, signal: AbortSignal.timeout(100) }
    await expect(askCredentialProgram('slow', 'r.example', 'c', options)).rejects.toMatchObject({ code: 'ABORTED' })
  })
})
