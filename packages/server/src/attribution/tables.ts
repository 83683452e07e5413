/** What is known of the changes of a service, of an incident each. */

/** See `ToldAttribution`. */
export interface AttributionTable {
  incident_id: number;
  judged_ms: number;
  /** What the one on call reads first; empty where nothing is known. */
  advice: string;
  /** JSON: `ToldAttribution`. */
  told: string;
}

/** The tables of this folder. */
export interface AttributionSchema {
  attributions: AttributionTable;
}
