import type { FoundComponent, FoundPlace } from '../../index.ts'
import { escapeJson, escapeText } from '../../report/escape.ts'
import { count, versionText } from '../../report/words.ts'
import { type Command, choice, defineCommand, number, text } from '../args.ts'
import { ExitCode } from '../gate.ts'
import { DB_HELP } from './defaults.ts'

export const find: Command = defineCommand({
  name: 'find',
  summary: 'Finds a component in every image that was ever scanned, without scanning again',
  details: `A query is a component, with versions where not all are meant: 'libwebp@<1.3.2', 'zlib@>=1.2.8 <1.2.12',
'openssl@3.0.7'. Where a version is a set, and only some of it is asked for, the answer is possible.`,
  operands: { usage: 'COMPONENT[@VERSIONS]', min: 1, max: 1 },
  options: {
    format: choice('FORMAT', ['table', 'json'], 'table (default) or json'),
    'min-confidence': number('N', { min: 0, max: 1 }, 'leave out claims below N, from 0 to 1 (default 0.8)'),
    db: text('DIR', DB_HELP),
  },
  async run(values, [query = ''], context) {
    const { findComponent } = await context.loadApi()
    const minConfidence = values['min-confidence']
    const found = await findComponent(query, {
      ...(values.db === undefined ? {} : { db: values.db }),
      ...(minConfidence === undefined ? {} : { minConfidence }),
    })
    const json = (): string => `${escapeJson(JSON.stringify(found, null, 2))}\n`
    await context.stdout.write(values.format === 'json' ? json() : foundText(found))
    return ExitCode.clean
  },
})

function foundText({ component, images, found }: FoundComponent): string {
  const blocks = found.map(({ references, platform, places }) => {
    const name = references.map(escapeText).join(', ')
    return [`${name}${platform === null ? '' : `  ${escapeText(platform)}`}`, ...places.map(placeText)].join('\n')
  })
  blocks.push(`${component} in ${found.length} of ${count(images, 'scanned image')}`)
  return `${blocks.join('\n\n')}\n`
}

function placeText({ path, version, confidence, answer, visibility, layerIndex, ownedBy }: FoundPlace): string {
  const notes = [
    ...(answer === 'possible' ? ['possible'] : []),
    ...(layerIndex === null ? [] : [`layer ${layerIndex}`]),
    ...(visibility === 'shadowed' ? ['shadowed'] : []),
    ...(ownedBy === null ? [] : [`owned by ${escapeText(ownedBy)}`]),
  ]
  return `  ${escapeText(path)}  ${versionText(version)}  ${confidence.toFixed(2)}  ${notes.join(', ')}`.trimEnd()
}
