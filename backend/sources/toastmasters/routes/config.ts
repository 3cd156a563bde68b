import { z } from 'zod'
import { Refused } from '../../../base/errors'
import { defineRoute, type Route } from '../../../contract'
import { district, MAX_DISTRICTS } from '../params'
import { addConfigured, configHistory, lastConfigChange, latestDistricts, readConfigured, removeConfigured } from '../store'
import { refusalsWith } from './refusals'

/*
 * The configured districts: what a backfill without names reads. With none configured, every district of a date's summary is read.
 */

const PATH = '/api/admin/districts/config'
const HISTORY = 100

const refusals = refusalsWith({ missing: 'DISTRICT_NOT_CONFIGURED', conflict: 'CONFLICT' })
const config = z
  .object({ configuredDistricts: z.array(z.string()), lastUpdated: z.iso.datetime().nullable(), updatedBy: z.string().nullable() })
  .meta({ id: 'DistrictConfig' })

const ids = z
  .strictObject({
    districtIds: z
      .array(district)
      .min(1, 'must name at least one district')
      .max(MAX_DISTRICTS, `names more than ${MAX_DISTRICTS} districts`),
    replace: z.boolean().default(false).meta({ description: 'Take these in place of those configured; false by default: add them' }),
  })
  .superRefine(({ districtIds }, ctx) => {
    const twice = districtIds.find((one, place) => districtIds.indexOf(one) !== place)
    if (twice !== undefined) ctx.addIssue({ code: 'custom', path: ['districtIds'], message: `names district ${twice} twice` })
  })

async function shown(db: Parameters<typeof readConfigured>[0]): Promise<z.input<typeof config>> {
  const last = await lastConfigChange(db)
  return { configuredDistricts: await readConfigured(db), lastUpdated: last?.at.toISOString() ?? null, updatedBy: last?.actor ?? null }
}

const get = defineRoute({
  method: 'GET',
  path: PATH,
  access: 'read',
  operation: 'getDistrictConfig',
  about: 'The configured districts',
  answers: [{ status: 200, body: config }],
  refusals,
  answer: async (_, { db }) => ({ status: 200, body: await shown(db) }),
})

const add = defineRoute({
  method: 'POST',
  path: PATH,
  access: 'admin',
  operation: 'addDistrictConfig',
  about: 'Configure districts, besides or in place of those configured',
  body: ids,
  answers: [{ status: 200, body: config }],
  refusals,
  async answer({ body: { districtIds, replace } }, context) {
    await context.act('districts.configure', districtIds.join(','), { districtIds, replace }, (tx) =>
      addConfigured(tx, districtIds, replace, context.who),
    )
    return { status: 200, body: await shown(context.db) }
  },
})

const remove = defineRoute({
  method: 'DELETE',
  path: `${PATH}/:districtId`,
  access: 'admin',
  operation: 'removeDistrictConfig',
  about: 'Take a district out of the configured ones; what is stored of it stays',
  params: z.object({ districtId: district }),
  answers: [{ status: 200, body: config }],
  refusals,
  async answer({ params: { districtId } }, context) {
    const { removed } = await context.act('districts.remove', districtId, {}, (tx) => removeConfigured(tx, [districtId], context.who))
    if (removed.length === 0) throw new Refused('missing', `district ${districtId} is not configured`, 'districtId')
    return { status: 200, body: await shown(context.db) }
  },
})

const validate = defineRoute({
  method: 'POST',
  path: `${PATH}/validate`,
  access: 'read',
  operation: 'validateDistrictConfig',
  about: 'Whether districts are in the newest summary that is stored',
  body: ids,
  answers: [{ status: 200, body: z.object({ valid: z.array(z.string()), unknown: z.array(z.string()), knownDistricts: z.number() }) }],
  refusals,
  async answer({ body: { districtIds } }, { db }) {
    const known = await latestDistricts(db)
    const valid = districtIds.filter((one) => known.includes(one))
    return { status: 200, body: { valid, unknown: districtIds.filter((one) => !known.includes(one)), knownDistricts: known.length } }
  },
})

const history = defineRoute({
  method: 'GET',
  path: `${PATH}/history`,
  access: 'read',
  operation: 'getDistrictConfigHistory',
  about: 'Changes of the configured districts, newest first',
  answers: [
    {
      status: 200,
      body: z.object({
        changes: z.array(
          z.object({
            at: z.iso.datetime(),
            actor: z.string(),
            action: z.string(),
            added: z.array(z.string()),
            removed: z.array(z.string()),
          }),
        ),
      }),
    },
  ],
  refusals,
  async answer(_, { db }) {
    const changes = (await configHistory(db, HISTORY)).map(({ at, ...change }) => ({ at: at.toISOString(), ...change }))
    return { status: 200, body: { changes } }
  },
})

export const configRoutes: readonly Route[] = [get, add, remove, validate, history]
