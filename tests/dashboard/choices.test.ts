import type { JsonSchema } from '../../backend/dashboard/src/api/types'
import { choicesOf, keyOf } from '../../backend/dashboard/src/lib/choices'
import { build, fill, incomplete } from '../../backend/dashboard/src/lib/schema'
import { formOf } from '../../backend/service/base/form'
import { sources } from '../../backend/sources'

/* Fields that exclude each other, as the sources declare them. */

const formOfNamed = (name: string) => formOf(sources.find((one) => one.name === name) as never) as JsonSchema

test('only the fields of the chosen option are sent, and one must be filled in', () => {
  const form = formOfNamed('eve')
  const values = fill(form, { corporationId: 98000001 })
  expect(choicesOf(form, values).map(({ name, options }) => [name, options.map(({ text }) => text)])).toEqual([
    ['Whose killmails', ['Character', 'Corporation', 'Alliance']],
  ])
  expect(build(form, { ...values, characterId: '7' })).toMatchObject({ corporationId: 98000001, mode: 'backfill' })
  expect(build(form, { ...values, characterId: '7' })).not.toHaveProperty('characterId')
  const other = { ...values, [keyOf('', 'Whose killmails')]: 'Alliance' }
  expect([incomplete(form, values), incomplete(form, other), incomplete(form, { ...other, allianceId: '9' })]).toEqual([false, true, false])
})

test('a field applies with the values that its condition names', () => {
  const form = formOfNamed('eve')
  const values = { ...fill(form, {}), mode: 'values' }
  expect([choicesOf(form, values), incomplete(form, values), build(form, values)]).toEqual([[], false, { mode: 'values' }])
  const recent = { ...fill(form, {}), mode: 'recent', characterId: '5' }
  expect(build(form, recent)).toEqual({ mode: 'recent', characterId: 5 })
  const tf2 = formOfNamed('tf2')
  expect(build(tf2, { ...fill(tf2, {}), request_type: 'SINGLE_ID', listing_id: '440_1', item_name: 'Bat' })).toMatchObject({
    request_type: 'SINGLE_ID',
    listing_id: '440_1',
  })
  expect(incomplete(tf2, fill(tf2, {}))).toBe(true)
})

test('none may be an option, and several fields one option', () => {
  const form = formOfNamed('atproto')
  const values = fill(form, {})
  expect(incomplete(form, values)).toBe(false)
  expect(build(form, { ...values, pds: 'pds.example.com' })).not.toHaveProperty('pds')
  const named = fill(form, { dids: ['did:plc:z72i7hdynmk6r22z27h6tvur'] })
  expect(named[keyOf('', 'Which repos')]).toBe('By name')
  expect(build(form, named)).toMatchObject({ dids: ['did:plc:z72i7hdynmk6r22z27h6tvur'] })
})

test.each(sources.map((source) => [source.name, source] as const))('the example of %s survives its form', (_, source) => {
  const form = formOf(source) as JsonSchema
  const values = fill(form, source.example)
  expect(incomplete(form, values)).toBe(false)
  expect(source.params.parse(build(form, values))).toEqual(source.params.parse(source.example))
})
