/**
 * Opens a database that is not in the cache, and so compiles it. Writes CPU milliseconds and peak memory in bytes as JSON.
 * Usage: node compile-step.mjs DIST DIRECTORY CACHE
 */
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { timed } from '../speed/measure.mjs'

const [dist, directory, cacheDirectory] = process.argv.slice(2)
const { openDatabase } = await import(pathToFileURL(join(dist, 'index.js')).href)
const { cpu, value: db } = await timed(() => openDatabase(directory, { cacheDirectory }))
await db.close()
console.log(JSON.stringify({ cpu, peak: process.resourceUsage().maxRSS * 1024 }))
