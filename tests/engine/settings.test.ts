import { z } from 'zod'
import { readConfig, settingsReader } from '../../backend/config/config'
import type { Io, Settings } from '../../backend/contract'
import { startJob } from '../../backend/engine/jobs/verbs'
import { type Counting, countingSource, countingTask, createCounted } from '../support/counting-source'
import { suite } from '../support/suite'

const settings = {
  COUNTING_STEP: { schema: z.coerce.number().int().default(1), about: 'How far it counts.' },
  COUNTING_KEY: { schema: z.string().optional(), about: 'Its key.', secret: true },
} satisfies Settings

test('a read knows the settings of its source by name and type', async () => {
  const read: [number, string | undefined][] = []
  const counting: Counting = {
    pages: 1,
    rowsPerPage: 1,
    tasks: [countingTask('a')],
    settings,
    onRead: async (_key, _page, io: Io<typeof settings>) => {
      read.push([io.settings.COUNTING_STEP, io.settings.COUNTING_KEY])
      return undefined
    },
  }
  const source = countingSource(counting)
  const config = readConfig([source], { COUNTING_STEP: '5', COUNTING_KEY: 'a key' })
  const engine = await suite([source], { settings: settingsReader(config) })
  try {
    await createCounted(engine.db)
    await engine.worker()
    const job = await startJob(engine, source, { name: 'a' })
    expect(await engine.ended(job.id)).toBe('completed')
    expect(read).toEqual([[5, 'a key']])
  } finally {
    await engine.close()
  }
})
