// What the widget says by itself, by language. Words of the plan (head, first words) come from /chat/face.
const WORDS = {
  en: {
    open: "Open the chat", close: "Close the chat", title: "Chat with us", message: "Your message", send: "Send",
    attach: "Send a file", log: "Conversation", hello: "How can we help you?",
    waiting: "You are number {n} in line.", soon: "It takes about {m} min.", next: "You are next.",
    received: "We have your message. Somebody will be with you.",
    active: "{agent} is with you.", typing: "{agent} is answering …",
    nobody: "Nobody is free just now. Your message waits here, and you may come back at any time.", ended: "This chat has ended. Write again at any time.",
    closed: "We are closed just now.", opens: "We open {when}.", leave: "Leave us a message: we answer as soon as we are back.",
    name: "Your name", reach: "Your mail address or number", leaveSend: "Leave the message", left: "We have your message.",
    optional: "optional", offline: "No connection. We keep trying; what you write is kept.", failed: "Not sent yet",
    tooLarge: "A file has 5 MB at most.", badFile: "This file can't be sent.", sending: "Sending …", sent: "Sent",
    rate: "How was it? 1 is bad, 5 is very good", rated: "Thank you!", end: "End the chat", mail: "Mail me the conversation",
    mailTo: "Your mail address", mailed: "It is on its way to {to}.", file: "File", you: "You", team: "Us", unread: "{n} unread",
    wait: "That was too much at once: it is sent in a moment.", options: "More", tooLong: "A message has 10,000 characters at most.",
    asked: "A few questions first. A person is there whenever you want one.", answers: "Answers", mails_off: "Conversations aren't mailed here.",
    no_address: "This is no mail address.", unanswered: "Nobody has answered yet: it can be mailed after that.", mailed_enough: "It was mailed often enough today.",
    mail_failed: "The mail could not be sent just now. Try again later.", not_asked: "This can't be rated any more.", noRoom: "There is no room for files just now. Try again later.",
    fileFailed: "The file wasn't sent. Try again in a moment.", refused: "That didn't work. Reload the page and try again.",
  },
  de: {
    open: "Chat öffnen", close: "Chat schließen", title: "Chat", message: "Ihre Nachricht", send: "Senden",
    attach: "Datei senden", log: "Unterhaltung", hello: "Wie können wir helfen?",
    waiting: "Sie sind Nummer {n} in der Reihe.", soon: "Es dauert etwa {m} Min.", next: "Sie sind als Nächstes dran.",
    received: "Wir haben Ihre Nachricht. Gleich ist jemand für Sie da.",
    active: "{agent} ist für Sie da.", typing: "{agent} antwortet …",
    nobody: "Gerade ist niemand da. Ihre Nachricht bleibt hier, und Sie können jederzeit wiederkommen.", ended: "Dieser Chat ist beendet. Sie können jederzeit wieder schreiben.",
    closed: "Wir haben gerade geschlossen.", opens: "Wir öffnen {when}.", leave: "Hinterlassen Sie eine Nachricht: Wir antworten, sobald wir zurück sind.",
    name: "Ihr Name", reach: "Ihre Mailadresse oder Nummer", leaveSend: "Nachricht hinterlassen", left: "Wir haben Ihre Nachricht.",
    optional: "freiwillig", offline: "Keine Verbindung. Wir versuchen es weiter; was Sie schreiben, bleibt erhalten.", failed: "Noch nicht gesendet",
    tooLarge: "Eine Datei hat höchstens 5 MB.", badFile: "Diese Datei kann nicht gesendet werden.", sending: "Wird gesendet …", sent: "Gesendet",
    rate: "Wie war es? 1 ist schlecht, 5 ist sehr gut", rated: "Danke!", end: "Chat beenden", mail: "Unterhaltung per Mail",
    mailTo: "Ihre Mailadresse", mailed: "Sie ist unterwegs an {to}.", file: "Datei", you: "Sie", team: "Wir", unread: "{n} ungelesen",
    wait: "Das war zu viel auf einmal: Es wird gleich gesendet.", options: "Mehr", tooLong: "Eine Nachricht hat höchstens 10.000 Zeichen.",
    asked: "Zuerst ein paar Fragen. Ein Mensch ist da, sobald Sie es wünschen.", answers: "Antworten", mails_off: "Unterhaltungen werden hier nicht gemailt.",
    no_address: "Das ist keine Mailadresse.", unanswered: "Es hat noch niemand geantwortet: Danach geht es.", mailed_enough: "Sie wurde heute oft genug gemailt.",
    mail_failed: "Die Mail konnte gerade nicht gesendet werden. Versuchen Sie es später noch einmal.", not_asked: "Das kann nicht mehr bewertet werden.", noRoom: "Gerade ist kein Platz für Dateien. Versuchen Sie es später noch einmal.",
    fileFailed: "Die Datei wurde nicht gesendet. Versuchen Sie es gleich noch einmal.", refused: "Das ging nicht. Laden Sie die Seite neu und versuchen Sie es noch einmal.",
  },
  es: {
    open: "Abrir el chat", close: "Cerrar el chat", title: "Chat", message: "Su mensaje", send: "Enviar",
    attach: "Enviar un archivo", log: "Conversación", hello: "¿En qué podemos ayudarle?",
    waiting: "Es el número {n} de la cola.", soon: "Tardará unos {m} min.", next: "Es el siguiente.",
    received: "Tenemos su mensaje. Enseguida le atenderán.",
    active: "{agent} está con usted.", typing: "{agent} está respondiendo …",
    nobody: "Ahora no hay nadie. Su mensaje espera aquí y puede volver cuando quiera.", ended: "Este chat ha terminado. Puede volver a escribir cuando quiera.",
    closed: "Ahora estamos cerrados.", opens: "Abrimos {when}.", leave: "Déjenos un mensaje: respondemos en cuanto volvamos.",
    name: "Su nombre", reach: "Su correo o teléfono", leaveSend: "Dejar el mensaje", left: "Tenemos su mensaje.",
    optional: "opcional", offline: "Sin conexión. Seguimos intentándolo; lo que escriba se conserva.", failed: "Aún sin enviar",
    tooLarge: "Un archivo tiene 5 MB como máximo.", badFile: "Este archivo no se puede enviar.", sending: "Enviando …", sent: "Enviado",
    rate: "¿Qué tal fue? 1 es mal, 5 es muy bien", rated: "¡Gracias!", end: "Terminar el chat", mail: "Recibir la conversación por correo",
    mailTo: "Su correo", mailed: "Va de camino a {to}.", file: "Archivo", you: "Usted", team: "Nosotros", unread: "{n} sin leer",
    wait: "Era demasiado a la vez: se envía enseguida.", options: "Más", tooLong: "Un mensaje tiene 10.000 caracteres como máximo.",
    asked: "Primero unas preguntas. Una persona le atiende cuando quiera.", answers: "Respuestas", mails_off: "Aquí no se envían conversaciones por correo.",
    no_address: "Esto no es un correo.", unanswered: "Aún no ha respondido nadie: después será posible.", mailed_enough: "Hoy ya se ha enviado bastantes veces.",
    mail_failed: "El correo no se ha podido enviar. Inténtelo más tarde.", not_asked: "Esto ya no se puede valorar.", noRoom: "Ahora no hay sitio para archivos. Inténtelo más tarde.",
    fileFailed: "El archivo no se ha enviado. Inténtelo dentro de un momento.", refused: "No ha funcionado. Recargue la página e inténtelo de nuevo.",
  },
  fr: {
    open: "Ouvrir le chat", close: "Fermer le chat", title: "Chat", message: "Votre message", send: "Envoyer",
    attach: "Envoyer un fichier", log: "Conversation", hello: "Comment pouvons-nous vous aider ?",
    waiting: "Vous êtes numéro {n} dans la file.", soon: "Environ {m} min d’attente.", next: "C’est bientôt à vous.",
    received: "Nous avons votre message. Quelqu’un va vous répondre.",
    active: "{agent} est avec vous.", typing: "{agent} répond …",
    nobody: "Personne n’est là pour le moment. Votre message attend ici, revenez quand vous voulez.", ended: "Ce chat est terminé. Vous pouvez réécrire à tout moment.",
    closed: "Nous sommes fermés pour le moment.", opens: "Nous ouvrons {when}.", leave: "Laissez-nous un message : nous répondons dès notre retour.",
    name: "Votre nom", reach: "Votre adresse mail ou numéro", leaveSend: "Laisser le message", left: "Nous avons votre message.",
    optional: "facultatif", offline: "Pas de connexion. Nous réessayons ; ce que vous écrivez est gardé.", failed: "Pas encore envoyé",
    tooLarge: "Un fichier fait 5 Mo au plus.", badFile: "Ce fichier ne peut pas être envoyé.", sending: "Envoi …", sent: "Envoyé",
    rate: "Comment était-ce ? 1 est mauvais, 5 est très bien", rated: "Merci !", end: "Terminer le chat", mail: "Recevoir la conversation par mail",
    mailTo: "Votre adresse mail", mailed: "Elle est en route vers {to}.", file: "Fichier", you: "Vous", team: "Nous", unread: "{n} non lus",
    wait: "C’était trop à la fois : c’est envoyé dans un instant.", options: "Plus", tooLong: "Un message fait 10 000 caractères au plus.",
    asked: "D’abord quelques questions. Une personne vous répond dès que vous le souhaitez.", answers: "Réponses", mails_off: "Les conversations ne sont pas envoyées par mail ici.",
    no_address: "Ce n’est pas une adresse mail.", unanswered: "Personne n’a encore répondu : ce sera possible ensuite.", mailed_enough: "Elle a été envoyée assez souvent aujourd’hui.",
    mail_failed: "Le mail n’a pas pu être envoyé. Réessayez plus tard.", not_asked: "Cela ne peut plus être noté.", noRoom: "Il n’y a pas de place pour les fichiers. Réessayez plus tard.",
    fileFailed: "Le fichier n’a pas été envoyé. Réessayez dans un instant.", refused: "Cela n’a pas fonctionné. Rechargez la page et réessayez.",
  },
};

// The first of the wished languages that the plan has, else the plan's first that we speak.
function chooseLanguage(wished, planned) {
  const known = planned.filter((it) => WORDS[it]);
  return wished.map((it) => String(it || "").slice(0, 2).toLowerCase()).find((it) => known.includes(it)) || known[0] || "en";
}

// What a server's refusal is called here, by its code; whatever isn't a visitor's to mend is `refused`.
const REFUSALS = { slow_down: "wait", again: "wait", too_long: "tooLong" };
const FILE_REFUSALS = { 413: "tooLarge", 415: "badFile", 429: "wait", 503: "wait", 507: "noRoom" };

function refusal(code) {
  const name = REFUSALS[code] || code;
  return Object.hasOwn(WORDS.en, name) ? name : "refused";
}

function speaker(language) {
  return (name, values = {}) => (WORDS[language] || WORDS.en)[name].replace(/\{(\w+)\}/g, (_, key) => String(values[key] ?? ""));
}
