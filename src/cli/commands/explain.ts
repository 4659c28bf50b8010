import { type Command, defineCommand, text } from '../args.ts'
import { ExitCode } from '../gate.ts'
import { watching } from '../progress.ts'
import { DB_HELP } from './defaults.ts'
import { IMAGE_OPTIONS, imageOptions } from './image-options.ts'

export const explain: Command = defineCommand({
  name: 'explain',
  summary: 'Shows the evidence for one component in one file, and what speaks against it',
  details: `Each piece of evidence comes with its file offset, its weight in bits and the xxd line that shows its bytes.
Claims of every confidence are explained, also those that scan leaves out. With --image FILE is a path in it.`,
  operands: { usage: 'FILE COMPONENT', min: 2, max: 2 },
  options: { db: text('DIR', DB_HELP), image: text('IMAGE', 'the image that holds the file'), ...IMAGE_OPTIONS },
  async run(values, [path = '', component = ''], context) {
    const api = await context.loadApi()
    const { image } = values
    const report = await watching(context, async (watch) => {
      const reference = image === undefined ? undefined : ((await api.imageOf(image)) ?? image)
      const db = await api.openDatabase(values.db, watch)
      try {
        const options = { ...watch, db, minConfidence: 0 }
        if (reference === undefined) return await api.scanPaths([path], options)
        return await api.scanImage(reference, { ...options, ...imageOptions(values), allLayers: true })
      } finally {
        await db.close()
      }
    })
    await context.stdout.write(api.explain(report, path, component))
    return ExitCode.clean
  },
})
