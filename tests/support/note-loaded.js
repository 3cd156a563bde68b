/**
 * Preloaded into a process: when it ends, it writes the paths of the modules that it has loaded, and the names of those of Node.js, to the
 * file that LOADED_MODULES names.
 */
const { writeFileSync } = require('node:fs')

process.on('exit', () =>
  writeFileSync(process.env.LOADED_MODULES, JSON.stringify([...Object.keys(require.cache), ...process.moduleLoadList])),
)
