import { expect, test } from 'vitest'
import { parseChallenges } from '../../../src/image/registry/challenge.ts'

const REALM = 'https://auth.docker.io/token'

test.each([
  ['', []],
  ['Basic', [['basic', {}]]],
  ['Basic realm="Registry Realm"', [['basic', { realm: 'Registry Realm' }]]],
  [
    `Bearer realm="${REALM}",service="registry.docker.io",scope="repository:a/b:pull,push repository:c:pull"`,
    [['bearer', { realm: REALM, service: 'registry.docker.io', scope: 'repository:a/b:pull,push repository:c:pull' }]],
  ],
  [`BEARER Realm = "${REALM}" , Error=invalid_token`, [['bearer', { realm: REALM, error: 'invalid_token' }]]],
  [
    `Basic realm="a, Bearer realm=b", Bearer realm="${REALM}"`,
    [
      ['basic', { realm: 'a, Bearer realm=b' }],
      ['bearer', { realm: REALM }],
    ],
  ],
  [
    'Negotiate, Negotiate YII==, Basic realm=x',
    [
      ['negotiate', {}],
      ['negotiate', {}],
      ['basic', { realm: 'x' }],
    ],
  ],
  ['Basic realm="with \\"quotes\\" and \\\\"', [['basic', { realm: 'with "quotes" and \\' }]]],
  ['Bearer realm="first",realm="second"', [['bearer', { realm: 'first' }]]],
])('%s', (header, expected) => {
  const challenges = parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)])
  expect(challenges).toEqual(expected)
})

test.each([
  'Bearer realm="open',
  '"',
  '=,=',
  `Bearer ${'a='.repeat(50_000)}`,
  'x '.repeat(50_000),
  '\\"'.repeat(50_000),
])('a challenge that cannot be read ends the list: %.20s', (header) => {
  expect(parseChallenges(header).some(({ parameters }) => parameters.has('realm'))).toBe(false)
})
