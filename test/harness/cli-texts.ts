import type { Language } from "./page-texts.ts";

/** Every text of the command line, in each of its languages; `{name}` is filled in. */
const en = {
  help: `A simulated Abiquo, to build and test workflow flows without a cloud.

  abiquo-simulator [options]

  --port <n>        port to listen on (8009; 0 = any)
  --host <address>  address to listen on (127.0.0.1)
  --webhook <url>   where held tasks are posted (http://127.0.0.1:1880/abiquo/workflow)
  --format <f>      json or xml
  --shape <s>       auto, single or collection
  --links <l>       path, rooted or absolute
  --type <t>        Content-Type of webhooks: vendor, or plain for that of JSON or
                    XML alone (vendor)
  --untaken <u>     what becomes of tasks whose webhook nobody takes: hold or fail
                    (hold)
  --abiquo <v>      version of Abiquo to be, as 3.10 (6.1.2)
  --role <p,p,…>    privileges of the connection's user, instead of all of them
  --tenants <n>     so many more tenants, each with a user (0)
  --waiting <n>     so many tasks that wait already (0)
  --record <file>   append each exchange to a file, a JSON line each
  --autorun <s>     ask for a deploy every so many seconds
  --lang <l>        language of this output and of the page, en or es
                    (what LANG and the browser prefer)
  --seed <n>        which random faults come; the same seed, the same faults (1)
  --random-credentials
                    credentials of this run only, instead of those of the examples
  --help            this text
`,
  started: `Simulated Abiquo {version}
  API       {api}
  page      {page}
  webhook   {webhook}

  OAuth 1.0a  consumer key         {consumerKey}
              consumer secret      {consumerSecret}
              access token         {accessToken}
              access token secret  {accessTokenSecret}
  Basic       {username} / {password}
  Bearer      {bearer}
`,
  notANumber: "--{name} must be a number.",
  notAChoice: "--{name} must be one of: {choices}.",
  notAVersion: "--{name} must be a version, as 6.1 or 3.10.2.",
  noPrivilege: "--role names {privilege}, which is no privilege of Abiquo. There are: {all}.",
  notUnderstood: "{option} is not understood. Use --help to see the options.",
  portInUse: "The port is in use. Choose another with --port.",
};

export type CliTexts = typeof en;

const es: CliTexts = {
  help: `Un Abiquo simulado, para crear y probar flujos de workflow sin una nube.

  abiquo-simulator [opciones]

  --port <n>        puerto en el que escucha (8009; 0 = cualquiera)
  --host <dirección>
                    dirección en la que escucha (127.0.0.1)
  --webhook <url>   adonde se envían las tareas retenidas
                    (http://127.0.0.1:1880/abiquo/workflow)
  --format <f>      json o xml
  --shape <s>       auto, single o collection
  --links <l>       path, rooted o absolute
  --type <t>        Content-Type de los webhooks: vendor, o plain para el de solo
                    JSON o XML (vendor)
  --untaken <u>     qué pasa con las tareas cuyo webhook no acepta nadie: hold
                    (siguen retenidas) o fail (fallan) (hold)
  --abiquo <v>      versión de Abiquo que simula, como 3.10 (6.1.2)
  --role <p,p,…>    privilegios del usuario de la conexión, en vez de todos
  --tenants <n>     tantos inquilinos más, cada uno con un usuario (0)
  --waiting <n>     tantas tareas que ya esperan (0)
  --record <file>   añade cada intercambio a un archivo, una línea JSON cada uno
  --autorun <s>     pide un despliegue cada tantos segundos
  --lang <l>        idioma de esta salida y de la página, en o es
                    (el que prefieran LANG y el navegador)
  --seed <n>        qué fallos aleatorios vienen; igual semilla, iguales fallos (1)
  --random-credentials
                    credenciales solo de esta ejecución, en vez de las de los ejemplos
  --help            este texto
`,
  started: `Abiquo simulado {version}
  API       {api}
  página    {page}
  webhook   {webhook}

  OAuth 1.0a  clave de consumidor    {consumerKey}
              secreto de consumidor  {consumerSecret}
              token de acceso        {accessToken}
              secreto del token      {accessTokenSecret}
  Basic       {username} / {password}
  Bearer      {bearer}
`,
  notANumber: "--{name} tiene que ser un número.",
  notAChoice: "--{name} tiene que ser uno de estos: {choices}.",
  notAVersion: "--{name} tiene que ser una versión, como 6.1 o 3.10.2.",
  noPrivilege: "--role nombra {privilege}, que no es un privilegio de Abiquo. Existen: {all}.",
  notUnderstood: "{option} no se entiende. Use --help para ver las opciones.",
  portInUse: "El puerto está en uso. Elija otro con --port.",
};

const TEXTS: Record<Language, CliTexts> = { en, es };

export function cliTextsIn(language: Language): CliTexts {
  return TEXTS[language];
}

export function filled(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}
