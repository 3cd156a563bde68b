import { z } from 'zod'
import { Refused } from '../../../base/errors'
import { defineRoute } from '../../../contract'
import { readLexicon } from '../lexicons'
import { type Lexicon, putLexicon, readLexicons, removeLexicon } from '../store-lexicons'

const moment = z.iso.datetime()
const id = z.object({ id: z.string().max(317).meta({ description: 'NSID of a lexicon' }) })

const uploaded = z.object({
  id: z.string(),
  revision: z.number().int(),
  backfill_job_id: z.string().nullable().meta({ description: 'The backfill of its records, if this upload started one' }),
})
const lexicon = z
  .object({
    id: z.string(),
    revision: z.number().int(),
    lexicon_type: z.string().nullable(),
    backfill: z.boolean(),
    lexicon_json: z.record(z.string(), z.unknown()),
    created_at: moment,
    updated_at: moment,
  })
  .meta({ id: 'Lexicon' })

const shown = ({ id: nsid, revision, type, backfill, document, createdAt, updatedAt }: Lexicon): z.input<typeof lexicon> => ({
  id: nsid,
  revision,
  lexicon_type: type,
  backfill,
  lexicon_json: document as Record<string, unknown>,
  created_at: createdAt.toISOString(),
  updated_at: updatedAt.toISOString(),
})

/** The first upload of a record lexicon starts its backfill in the same transaction; later ones change the lexicon only. */
const upload = defineRoute({
  method: 'POST',
  path: '/admin/lexicons',
  access: 'admin',
  operation: 'uploadLexicon',
  about: 'Upload a lexicon; the first upload of a record lexicon starts a backfill of its records',
  body: z.looseObject({
    lexicon_json: z.unknown().meta({ description: 'The lexicon document' }),
    backfill: z
      .boolean()
      .default(true)
      .meta({ description: 'Whether a backfill is started, and backfills of everything read its records' }),
  }),
  answers: [
    { status: 201, body: uploaded },
    { status: 200, body: uploaded.meta({ description: 'The lexicon existed and has a new revision' }) },
  ],
  async answer({ body: { lexicon_json: raw, backfill } }, context) {
    const { id: nsid, type, document } = readLexicon(raw)
    const done = await context.act('lexicon.upload', nsid, { backfill, type }, async (tx) => {
      const revision = await putLexicon(tx, { id: nsid, type, backfill, document })
      const starts = revision === 1 && type === 'record' && backfill
      const job = starts ? await context.start(tx, { collection: nsid }) : undefined
      return { revision, job: job?.id ?? null }
    })
    const { revision, job } = done
    return { status: revision === 1 ? 201 : 200, body: { id: nsid, revision, backfill_job_id: job } }
  },
})

const list = defineRoute({
  method: 'GET',
  path: '/admin/lexicons',
  access: 'read',
  operation: 'listLexicons',
  about: 'Uploaded lexicons by id',
  answers: [{ status: 200, body: z.array(lexicon) }],
  answer: async (_, context) => ({ status: 200, body: (await readLexicons(context.db)).map(shown) }),
})

const get = defineRoute({
  method: 'GET',
  path: '/admin/lexicons/:id',
  access: 'read',
  operation: 'getLexicon',
  about: 'One lexicon',
  params: id,
  answers: [{ status: 200, body: lexicon }],
  async answer({ params }, context) {
    const [found] = await readLexicons(context.db, params.id)
    if (!found) throw new Refused('missing', `there is no lexicon ${params.id}`, 'id')
    return { status: 200, body: shown(found) }
  },
})

const remove = defineRoute({
  method: 'DELETE',
  path: '/admin/lexicons/:id',
  access: 'admin',
  operation: 'removeLexicon',
  about: 'Remove a lexicon; the records stay',
  params: id,
  answers: [{ status: 204, body: z.undefined().meta({ description: 'Removed' }) }],
  async answer({ params }, context) {
    const wasThere = await context.act('lexicon.remove', params.id, {}, (tx) => removeLexicon(tx, params.id))
    if (!wasThere) throw new Refused('missing', `there is no lexicon ${params.id}`, 'id')
    return { status: 204 }
  },
})

export const lexiconRoutes = [upload, list, get, remove]
