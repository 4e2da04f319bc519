/** Every text of the page, in each of its languages. */
export type Language = "en" | "es";

export const LANGUAGES = ["en", "es"] as const satisfies readonly Language[];

const en = {
  title: "Simulated Abiquo",
  intro: "Tasks of a cloud that only pretends. Ask for something here; the webhook is posted as Abiquo posts it.",
  ask: "Ask for",
  deploy: "Deploy one",
  deployGroup: "Deploy a group of 12",
  undeploy: "Undeploy",
  reconfigure: "Reconfigure",
  tasks: "Tasks",
  task: "Task",
  machine: "Machine",
  size: "{cpu} CPU, {ram} GB",
  who: "Requester",
  cpu: "CPUs",
  ram: "RAM (GB)",
  requests: "Requests to the API",
  requestsIntro: "The last ones, newest first. Where one was refused, it says more than Abiquo would.",
  noRequests: "No requests yet.",
  signature: "What was signed",
  expected: "Signature base string of the server:",
  sent: "Signature base string of the caller:",
  mistake: "The signature would be right but for one mistake: {mistake}.",
  noMistake:
    "No known mistake explains it: most likely the consumer secret or the access token secret is not the right one. Compare both with those that the simulator printed when it started, to the last character.",
  mistakes: {
    "query left out": "the query was not signed",
    "scheme or port of another address": "another scheme, host or port was signed than was called",
    "path without the base path": "the path was signed without its first part",
    "parameters not encoded twice": "the parameters were not encoded a second time",
    "plus for a blank": "a blank was signed as +",
    "secrets not encoded": "the secrets were not encoded in the key",
    "token secret left out": "the token's secret is not in the key",
    "method not signed as sent": "another method was signed than was sent",
  } as Record<string, string>,
  connection: "The connection's user",
  connectionUser: "{user}, with the role {role} and these privileges:",
  tenants: "Tenants",
  tenant: "(id {id}): {state}, {waiting} waiting",
  workflowOn: "workflow on",
  workflowOff: "workflow off",
  moreTenants: "and {count} more",
  type: "Type",
  requester: "Requester",
  state: "State",
  answer: "Answer",
  age: "Age",
  actions: "Decide in Abiquo",
  none: "No tasks yet.",
  loading: "Loading tasks…",
  continue: "Continue",
  cancel: "Cancel",
  continueTask: "Continue task {task}",
  cancelTask: "Cancel task {task}",
  by: "by {user}",
  elsewhere: "by somebody in Abiquo",
  posting: "Posting the webhook…",
  posted: "The webhook was answered with status {status}.",
  lost: "The webhook was lost on purpose.",
  skipped: "Nothing was posted: workflow is off, so the tasks run.",
  failed: "The webhook failed: {problem}",
  refused: "Refused: {problem}",
  offline: "The simulator does not answer. Trying again…",
  states: {
    QUEUEING: "Held",
    PENDING: "Pending",
    STARTED: "Running",
    FINISHED_SUCCESSFULLY: "Finished",
    FINISHED_UNSUCCESSFULLY: "Failed",
    CANCELLED: "Cancelled",
    ACK_ERROR: "Acknowledged",
  } as Record<string, string>,
  types: { DEPLOY: "Deploy", UNDEPLOY: "Undeploy", RECONFIGURE: "Reconfigure" } as Record<string, string>,
};

export type PageTexts = typeof en;

const es: PageTexts = {
  title: "Abiquo simulado",
  intro: "Tareas de una nube que solo finge. Pida algo aquí; el webhook se envía como lo envía Abiquo.",
  ask: "Pedir",
  deploy: "Desplegar una",
  deployGroup: "Desplegar un grupo de 12",
  undeploy: "Replegar",
  reconfigure: "Reconfigurar",
  tasks: "Tareas",
  task: "Tarea",
  machine: "Máquina",
  size: "{cpu} CPU, {ram} GB",
  who: "Solicitante",
  cpu: "CPU",
  ram: "RAM (GB)",
  requests: "Peticiones a la API",
  requestsIntro: "Las últimas, primero la más reciente. Si una fue rechazada, dice más de lo que diría Abiquo.",
  noRequests: "Todavía no hay peticiones.",
  signature: "Qué se firmó",
  expected: "Cadena base de la firma, según el servidor:",
  sent: "Cadena base de la firma, según quien llama:",
  mistake: "La firma sería correcta salvo por un error: {mistake}.",
  noMistake:
    "Ningún error conocido lo explica: lo más probable es que el secreto de consumidor o el del token de acceso no sea el correcto. Compare ambos, hasta el último carácter, con los que mostró el simulador al arrancar.",
  mistakes: {
    "query left out": "no se firmó la consulta",
    "scheme or port of another address": "se firmó otro esquema, host o puerto que el llamado",
    "path without the base path": "se firmó la ruta sin su primera parte",
    "parameters not encoded twice": "los parámetros no se codificaron por segunda vez",
    "plus for a blank": "un espacio se firmó como +",
    "secrets not encoded": "los secretos no se codificaron en la clave",
    "token secret left out": "el secreto del token no está en la clave",
    "method not signed as sent": "se firmó otro método que el enviado",
  },
  connection: "El usuario de la conexión",
  connectionUser: "{user}, con el rol {role} y estos privilegios:",
  tenants: "Inquilinos",
  tenant: "(id {id}): {state}, {waiting} en espera",
  workflowOn: "flujo de trabajo activado",
  workflowOff: "flujo de trabajo desactivado",
  moreTenants: "y {count} más",
  type: "Tipo",
  requester: "Solicitante",
  state: "Estado",
  answer: "Respuesta",
  age: "Antigüedad",
  actions: "Decidir en Abiquo",
  none: "Todavía no hay tareas.",
  loading: "Cargando las tareas…",
  continue: "Continuar",
  cancel: "Cancelar",
  continueTask: "Continuar la tarea {task}",
  cancelTask: "Cancelar la tarea {task}",
  by: "por {user}",
  elsewhere: "por alguien en Abiquo",
  posting: "Enviando el webhook…",
  posted: "El webhook recibió una respuesta con estado {status}.",
  lost: "El webhook se perdió a propósito.",
  skipped: "No se envió nada: el flujo de trabajo está desactivado y las tareas se ejecutan.",
  failed: "El webhook falló: {problem}",
  refused: "Rechazado: {problem}",
  offline: "El simulador no responde. Se volverá a intentar…",
  states: {
    QUEUEING: "Retenida",
    PENDING: "Pendiente",
    STARTED: "En curso",
    FINISHED_SUCCESSFULLY: "Terminada",
    FINISHED_UNSUCCESSFULLY: "Fallida",
    CANCELLED: "Cancelada",
    ACK_ERROR: "Error visto",
  },
  types: { DEPLOY: "Despliegue", UNDEPLOY: "Repliegue", RECONFIGURE: "Reconfiguración" },
};

const TEXTS: Record<Language, PageTexts> = { en, es };

export function textsIn(language: Language): PageTexts {
  return TEXTS[language];
}

/** The language a browser likes best among those there are; English when it names none of them. */
export function preferredLanguage(acceptLanguage: string | undefined): Language {
  const wishes = (acceptLanguage ?? "").split(",").map((wish) => {
    const [tag = "", ...parameters] = wish.trim().toLowerCase().split(";");
    const quality = parameters.map((parameter) => /^\s*q=([\d.]+)\s*$/.exec(parameter)?.[1]).find((value) => value !== undefined);
    return { language: tag.split("-")[0], quality: Number(quality ?? 1) };
  });
  const known = wishes.filter(({ language, quality }) => quality > 0 && LANGUAGES.some((name) => name === language));
  known.sort((a, b) => b.quality - a.quality);
  return LANGUAGES.find((name) => name === known[0]?.language) ?? "en";
}
