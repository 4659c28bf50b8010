import { defineConfig, type ViteUserConfig } from 'vitest/config'

const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // The default leaves a core idle; on two cores that is half the machine.
    maxWorkers: '100%',
    globalSetup: 'test/fixtures/run-directory.ts',
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
})
export default config
