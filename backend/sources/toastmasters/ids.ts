/*
 * Ids come with and without leading zeros.
 */

/** `2` and `02` are district 02, `f` is district F; undefined for what is no id. */
export function normalDistrict(text: string): string | undefined {
  const id = text.trim().toUpperCase()
  if (/^0*[1-9]\d{0,2}$/.test(id)) return id.replace(/^0+/, '').padStart(2, '0')
  return /^(?=.*[A-Z])[A-Z0-9]{1,4}$/.test(id) ? id : undefined
}

/** Club numbers come with and without leading zeros: `3045` is `00003045`; undefined for what is no number. */
export const normalClub = (text: string): string | undefined => {
  const number = text.trim()
  return /^\d{1,12}$/.test(number) ? number.replace(/^0+(?=\d)/, '').padStart(8, '0') : undefined
}
