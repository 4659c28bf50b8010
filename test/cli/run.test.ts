import { describe, expect, test, vi } from 'vitest'
import { DetectorError } from '../../src/errors.ts'
import { toJson } from '../../src/report/json.ts'
import { report } from '../fixtures/report.ts'
import { found, runCommand } from './context.ts'

describe('binprint', () => {
  test.each([[['--help']], [['-h']], [['db', '--help']]])('%j shows the commands', async (args) => {
    const { code, stdout, stderr } = await runCommand(args)
    expect([code, stderr]).toEqual([0, ''])
    for (const name of ['scan', 'explain', 'index', 'db build', 'db info']) expect(stdout).toContain(`\n  ${name} `)
  })

  test('--version shows the version', async () => {
    expect(await runCommand(['--version'])).toMatchObject({ code: 0, stdout: 'binprint 1.2.3\n', stderr: '' })
  })

  test.each(['scan', 'explain', 'index', 'db build', 'db info'])('%s --help shows its usage', async (name) => {
    const { code, stdout } = await runCommand([...name.split(' '), '--nope', '--help'])
    expect(code).toBe(0)
    expect(stdout).toContain(`Usage: binprint ${name} `)
  })

  test.each<[string[], string]>([
    [[], 'a command is needed; see binprint --help'],
    [['scna', 'x'], 'unknown command "scna"; see binprint --help'],
    [
      ['db'],
      'db needs one of build, add, remove, verify, info, diff, merge, export, import, update; see binprint --help',
    ],
    [
      ['db', 'build', '--from', 'sources,rpm'],
      '--from needs a list of sources, source-packages, npm, packages or all, have "rpm"',
    ],
    [
      ['db', 'drop'],
      'db needs one of build, add, remove, verify, info, diff, merge, export, import, update, have "drop"; see binprint --help',
    ],
    [['scan'], 'scan needs FILE...|DIR|IMAGE; see binprint scan --help'],
    [['explain', 'x'], 'explain needs FILE COMPONENT; see binprint explain --help'],
    [['index', 'x'], 'index needs --component NAME; see binprint index --help'],
    [['scan', 'x', '--format', 'a\u001bb'], '--format needs table or json, have "a\\x1bb"'],
  ])('%j is a usage error: exit 2, one line, nothing on stdout', async (args, message) => {
    expect(await runCommand(args)).toEqual({ code: 2, stdout: '', stderr: `binprint: ${message}\n`, calls: [] })
  })
})

describe('scan', () => {
  test('--format json prints the report and nothing else', async () => {
    const outcome = await runCommand(['scan', 'bin', '--format', 'json'])
    expect(outcome).toMatchObject({ code: 0, stdout: toJson(report), stderr: '' })
  })

  test('passes the options on and closes the database', async () => {
    const { calls } = await runCommand(['scan', 'a', 'b', '--db', 'mine', '--min-confidence', '0.5'])
    expect(calls).toEqual([['openDatabase', 'mine'], ['scanPaths', ['a', 'b'], { minConfidence: 0.5 }], ['close']])
  })

  test('passes on how many files are analysed at a time, and that nothing is kept', async () => {
    const { calls } = await runCommand(['scan', 'a', 'b', '--jobs', '3', '--no-cache', '--platform', 'linux/arm64'])
    expect(calls[1]).toEqual(['scanPaths', ['a', 'b'], { jobs: 3, cache: false }])
  })

  test('leaves the defaults to the API', async () => {
    const { calls } = await runCommand(['scan', 'a'])
    expect(calls).toEqual([['openDatabase', undefined], ['scanPaths', ['a'], {}], ['close']])
  })

  test('an image is scanned with the options for images', async () => {
    const options = ['--platform', 'linux/arm64', '--all-layers', '--jobs', '3', '--no-cache', '--insecure']
    const { calls } = await runCommand(['scan', 'docker-archive:a.tar', ...options])
    const asked = { platform: 'linux/arm64', allLayers: true, jobs: 3, cache: false, insecure: true }
    expect(calls[1]).toEqual(['scanImage', 'docker-archive:a.tar', asked])
  })

  test('an image is scanned alone', async () => {
    const { code, stderr } = await runCommand(['scan', 'a', 'docker-archive:a.tar'])
    expect([code, stderr]).toEqual([2, 'binprint: an image is scanned alone, have docker-archive:a.tar and others\n'])
  })

  test('--tags scans all images of a repository, one JSON document a line, and the worst exit code counts', async () => {
    const args = ['scan', 'pond/app', '--tags', '1.*', '--format', 'json', '--fail-on', 'unknown']
    const { code, stdout, calls } = await runCommand(args)
    expect(calls[1]).toEqual(['sweepImages', 'pond/app', { tags: '1.*' }])
    expect(
      stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).unknowns.length),
    ).toEqual([1, 0])
    expect(code).toBe(1)
  })

  test('--fail-on unknown exits 1 after printing the report', async () => {
    const { code, stdout } = await runCommand(['scan', 'bin', '--fail-on', 'unknown'])
    expect(code).toBe(1)
    expect(stdout).toContain('bin/broken')
  })

  test('an error of the database ends in one line and exit 3', async () => {
    const message = 'database has schema 3, this version reads 4: rebuild it'
    const openDatabase = async (): Promise<never> => {
      throw new DetectorError('STORE_SCHEMA_MISMATCH', message)
    }
    const outcome = await runCommand(['scan', 'bin'], { api: { openDatabase } })
    expect(outcome).toMatchObject({ code: 3, stdout: '', stderr: `binprint: ${message}\n` })
  })

  test('the database is closed when the scan fails', async () => {
    const scanPaths = async (): Promise<never> => {
      throw new DetectorError('ABORTED', 'stopped before the end')
    }
    const { code, calls } = await runCommand(['scan', 'bin'], { api: { scanPaths } })
    expect([code, calls.at(-1)]).toEqual([3, ['close']])
  })

  test('a mistake of ours ends in one line too, and not in the exit code of a gate', async () => {
    const scanPaths = async (): Promise<never> => {
      throw new TypeError('x is\nundefined')
    }
    const { code, stderr } = await runCommand(['scan', 'bin'], { api: { scanPaths } })
    expect(code).toBe(3)
    expect(stderr).toBe('binprint: unexpected: x is\\nundefined (NODE_DEBUG=binprint shows where)\n')
  })
})

describe('a terminal', () => {
  test('gets colours and a progress line that is taken away again', async () => {
    const { stdout, stderr } = await runCommand(['scan', 'bin'], { terminal: true })
    expect(stdout).toContain('\u001b[1mbin/agent')
    expect(stderr).toBe('\r\u001b[Kscanning 1/2 bin/\\x1bagent\r\u001b[K')
  })

  test.each<[string, Record<string, string>]>([
    ['NO_COLOR', { NO_COLOR: '1' }],
    ['a dumb terminal', { TERM: 'dumb' }],
  ])('gets no colours with %s', async (_name, environment) => {
    const { stdout } = await runCommand(['scan', 'bin'], { terminal: true, environment })
    expect(stdout).not.toContain('\u001b')
  })

  test('gets colours with an empty NO_COLOR', async () => {
    const { stdout } = await runCommand(['scan', 'bin'], { terminal: true, environment: { NO_COLOR: '' } })
    expect(stdout).toContain('\u001b')
  })
})

test('explain scans the file alone, at every confidence', async () => {
  const { stdout, calls } = await runCommand(['explain', 'bin/agent', 'zlib'])
  expect(stdout).toBe('because\n')
  expect(calls).toContainEqual(['scanPaths', ['bin/agent'], { minConfidence: 0 }])
  expect(calls).toContainEqual(['explain', 'bin/agent', 'zlib'])
})

describe('find', () => {
  test('lists images with the places where they have the component', async () => {
    const { code, stdout, calls } = await runCommand(['find', 'zlib@<1.3', '--min-confidence', '0.5'])
    expect(calls).toEqual([['findComponent', 'zlib@<1.3', { minConfidence: 0.5 }]])
    expect(stdout.split('\n')).toEqual([
      'registry:app:\\x1b1, registry:app:latest  linux/amd64',
      '  /bin/agent  one of 1.2.11, 1.2.12  0.91  possible, layer 2, shadowed, owned by agent',
      '',
      'zlib in 1 of 3 scanned images',
      '',
    ])
    expect(code).toBe(0)
  })

  test('--format json prints what the library returns', async () => {
    const { stdout } = await runCommand(['find', 'zlib', '--format', 'json'])
    expect(JSON.parse(stdout)).toEqual(found)
  })
})

test('explain --image explains a file of an image, whatever its layer', async () => {
  const { calls } = await runCommand(['explain', '/bin/agent', 'zlib', '--image', 'docker-archive:a.tar'])
  expect(calls[1]).toEqual(['scanImage', 'docker-archive:a.tar', { minConfidence: 0, allLayers: true }])
  expect(calls[3]).toEqual(['explain', '/bin/agent', 'zlib'])
})

test('index writes beside the work unless told otherwise, and says how to scan with it', async () => {
  const { stdout, calls } = await runCommand(['index', 'src', '--component', 'x', '--release', '1.0'])
  expect(calls).toEqual([['indexRelease', 'prints', ['src'], { component: 'x', release: '1.0' }]])
  expect(stdout).toBe(
    'x: 1 release added (1.0), 12 features in prints/x.bpf\nscan with: binprint scan FILE --db prints\n',
  )
})

test('index of a repository passes the tags and the scheme on', async () => {
  const { calls } = await runCommand([
    'index',
    'r',
    '--component=x',
    '--tags',
    '^v',
    '--scheme',
    'semver',
    '--prints=p',
  ])
  expect(calls).toEqual([['indexRelease', 'p', ['r'], { component: 'x', tags: /^v/u, scheme: 'semver' }]])
})

test('db build passes its options on', async () => {
  const { calls } = await runCommand(['db', 'build', 'zlib', '--prints', 'p', '--git-mirror', 'm', '--jobs', '2'])
  expect(calls).toEqual([['buildDatabase', { names: ['zlib'], printsDirectory: 'p', gitMirror: 'm', jobs: 2 }]])
})

test.each([
  ['sources', ['sources']],
  ['npm,source-packages', ['source-packages', 'npm']],
  ['both', ['sources', 'packages']],
  ['all', ['sources', 'source-packages', 'npm', 'packages']],
])('db build --from %s', async (list, from) => {
  const { calls } = await runCommand(['db', 'build', '--from', list])
  expect(calls).toEqual([['buildDatabase', { from }]])
})

test('db merge --with-default begins with the default database', async () => {
  const mergeDatabases = vi.fn(async () => ({ directory: '/both', components: 2, joined: [] }))
  const api = { mergeDatabases }
  const { stdout } = await runCommand(['db', 'merge', 'both', 'ours', '--with-default'], { api })
  expect(stdout).toBe('2 components in /both\n')
  expect(mergeDatabases.mock.calls).toMatchObject([['both', [undefined, 'ours'], expect.anything()]])
  expect(await runCommand(['db', 'merge', 'both', 'ours'])).toMatchObject({
    code: 2,
    stderr: 'binprint: db merge needs two databases, or one and --with-default\n',
  })
})

test('db info shows what the database holds', async () => {
  const { stdout, calls } = await runCommand(['db', 'info', '--db', 'mine'])
  expect(calls).toEqual([['openDatabase', 'mine'], ['close']])
  expect(stdout).toBe(
    'components  28\nreleases    1234\nschema      1\ndigest      0123456789abcdef\nnames       expat zlib\n',
  )
})
