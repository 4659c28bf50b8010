import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/**
 * Compiles some files of the repository, with all they import, into a new directory, so that child processes can run
 * them: Node 20 does not read TypeScript. Paths stay as they are, `src/database/cache.ts` becomes
 * `src/database/cache.js`. The caller removes the directory.
 */
export async function compileFiles(files: readonly string[]): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'binprint-build-'))
  symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'), 'junction')
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
  writeFileSync(
    join(directory, 'tsconfig.json'),
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions: {
        noEmit: false,
        // Types are checked elsewhere; here only the programs are wanted.
        noCheck: true,
        declaration: false,
        declarationMap: false,
        isolatedDeclarations: false,
        rootDir: ROOT,
        outDir: directory,
      },
      files: files.map((file) => join(ROOT, file)),
      include: [],
    }),
  )
  const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  try {
    await promisify(execFile)(process.execPath, [compiler, '-p', join(directory, 'tsconfig.json')])
  } catch (error) {
    rmSync(directory, { recursive: true })
    throw new Error(`the child's program does not compile: ${(error as { stdout?: string }).stdout}`, { cause: error })
  }
  return directory
}
