/** What an error code means to people; every connector has a table `<SYSTEM>_ERROR_CODES` of these, for the operator's page and the documentation. */
export interface ErrorCodeHelp {
  /** One Norwegian sentence. */
  readonly meaning: string
  /** Who can do something about it; `KS` stands for the supplier of Fiks and SvarUt. */
  readonly owner: 'saksbehandler' | 'arkivar' | 'drift' | 'KS'
  /** In Norwegian: what that person does. */
  readonly nextStep: string
}
