/** Makes spans of every kind through the compiled facade; its collector is `ENDPOINT`. */
const { bound, span, startTracing, traceparent } = require('../../dist/backend/tracing')

const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const log = { warn: (text) => console.log(text) }

async function main() {
  const stop = startTracing({ endpoint: process.env.ENDPOINT, service: 'a test', version: '1', log })
  let later
  await span('outer', { some: 'word' }, async () => {
    await span('inner', {}, async () => {
      later = bound(() => span('bound', {}, () => undefined))
    })
    await span('fault', {}, () => Promise.reject(new Error('broken'))).catch(() => undefined)
    await span('wait', {}, () => Promise.reject(new Error('later')), { isFault: () => false }).catch(() => undefined)
    span('root', {}, () => undefined, { parent: null })
  })
  later()
  console.log(`outside: ${traceparent()}`)
  span('continued', {}, () => undefined, { parent: CALLER })
  try {
    span('thrown', {}, () => {
      throw new Error('at once')
    })
  } catch (error) {
    if (error.message !== 'at once') throw error
  }
  await stop()
  process.exit(0)
}

void main()
