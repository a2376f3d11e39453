"""How machines title and name what they send, in many languages: data for `robots.py`. All patterns are case-folded.

Each pattern of a subject counts at its very beginning only: what a person answers or forwards begins with "Re:" or "WG:".
"""

from __future__ import annotations

import re

_BOUNCED = r"""
undeliver(?:ed|able)(?: e?-?mail| message)?(?:$|:| returned| mail\b| message\b) | returned (?:e?-?mail|to sender)
(?:e-?)?mail (?:delivery|system|transfer)? ?(?:failed|failure|problem|error|delayed|status|subsystem|warning)
(?:permanent |temporary )?(?:message )?delivery (?:status(?: notification)?|has failed|has been delayed|failed|failure|error|report|notification|delayed|problem|warning|attempts? failed|incomplete)
returned to you: | (?:delay|failure) notice\b | report to sender$ | error sending message \[ | cc:mail link to smtp undeliverable
failure notice | failed (?:e?-?mail|delivery) | (?:ndn|ndr)\b | non-?\ ?deliver(?:y|able)
message (?:status|not delivered|undeliverable|delayed|could not be delivered|you sent|delivery|was not delivered)
warning: (?:could not send|message|mail|delivery) | (?:delayed|rejected|bounced|blocked|returned|undelivered) (?:e?-?mail|message)
(?:unable to|could ?n[o']t|cannot) (?:be )?deliver | (?:your|the) (?:e?-?mail|message) (?:\S+ )?(?:could ?n[o']t|could not|was not|wasn't|cannot|has not been|is delayed)
mail could not be | (?:user|host|recipient|mailbox) (?:unknown|not found|full)\b | mail failure | quota exceeded | over quota
(?:un|nicht )zustellbar | zustellung (?:fehlgeschlagen|verzögert|nicht möglich|gescheitert) | zustell(?:bericht|fehler|status)
fehler (?:bei|in) der (?:e-?mail-?)?(?:zustellung|übermittlung) | (?:benachrichtigung zum )?(?:über|zu)(?:mittlungs|stellungs)status
(?:ihre|die|deine) (?:e-?mail|nachricht|mail)\b.{0,60}(?:nicht zugestellt|zurück) | (?:nachricht|e-?mail|mail) (?:nicht|konnte nicht) zu(?:gestellt|stellbar)
verzögert: | mail delivery: | rückläufer | (?:e-?mail|mail)-?rückläufer | empfänger unbekannt | postfach voll
non remis | non[ -]distribu | échec de (?:la )?(?:remise|distribution|livraison|l'envoi) | notification d'état de (?:la )?(?:remise|distribution)
(?:message|courriel|courrier|mail) (?:non (?:remis|délivré|distribué)|en retard|retardé) | (?:remise|distribution) (?:différée|retardée|impossible) | retour à l'expéditeur
no se (?:puede|pudo|ha podido) entregar | no entregad[oa] | (?:correo|mensaje) (?:no entregado|devuelto|rechazado) | error (?:en|de) (?:la )?entrega
notificación (?:de|sobre el) estado (?:de|de la) entrega | entrega (?:fallida|retrasada|demorada)
recapito non riuscito | impossibile (?:recapitare|consegnare) | non recapitabile | notifica (?:di )?(?:stato|mancat[oa]) (?:recapito|consegna) | manca(?:ta|to) (?:consegna|recapito) | messaggio non (?:consegnato|recapitato)
não (?:foi possível entregar|entregue) | (?:mensagem|e-?mail) não (?:pôde|pode) ser entregue | falha (?:na|de) entrega | notificação de (?:status|estado) de entrega | mensagem (?:não entregue|devolvida) | entrega atrasada
onbestelbaar | niet (?:bezorgd|afgeleverd) | (?:bericht|e-?mail|mail) (?:kan|kon) niet worden | bezorging (?:mislukt|vertraagd) | melding over bezorgingsstatus
(?:kan inte|det går inte att) leverera | kunde inte levereras | olevererat | ej levererat | leveransen? (?:misslyckades|fördröjd)
kan ikke leveres | kunne ikke leveres | ulevere(?:rt|ret) | uleverbar | levering(?:en)? (?:mislykkedes|mislyktes|forsinket)
toimitus(?:ongelma| epäonnistui| viivästyi) | viestiä ei voi(?:tu)? toimittaa | ei voitu toimittaa
nie (?:można|udało się) dostarczyć | niedostarcz | zwrot (?:wiadomości|poczty) | nedoruč | nelze doručit | zprávu se nepodařilo doručit | nie można doręczyć | nedorucen | doručenie zlyhalo
kézbesíthetetlen | sikertelen kézbesítés | nelivrabil | nu (?:poate|a putut) fi livrat | teslim edilemedi | i̇?letileme(?:di|yen)\b | gönderileme(?:di|yen)\b
(?:сообщение )?(?:недоставлен|(?:ваше )?(?:письмо|сообщение) не доставлен|не доставлен|не удалось доставить) | невозможно доставить | уведомление о (?:статусе |состоянии )?доставк | повідомлення не доставлено
(?:メッセージ|メール|宛先不明で?)(?:を|が|は)?(?:配信|配送|送信|配達|お届け)(?:でき|不能|されません|に失敗) | 送信(?:エラー|できません) | 配信(?:不能|エラー|に失敗|状況通知|できません) | 配送(?:不能|エラー|できません) | 未配信 | (?:系统)?退信 | 来自.{1,60}的退信 | (?:邮件)?(?:无法|無法)(?:送达|传递|投递|傳遞|送達) | 未送达 | 未傳遞 | 投递失败 | 傳送失敗
배달되지 않음 | \[?(?:메일 ?)?(?:배달|전송|발송) ?실패 | 반송 | αδύνατη η παράδοση | δεν (?:ήταν δυνατή η παράδοση|παραδόθηκε) | לא ניתן למסור | تعذر التسليم | لم يتم تسليم
"""

_ANSWERED = r"""
auto(?:matic|mated|matisch|matische)?[- ]?(?:e-?mail[- ]?)?(?:reply|response|respond(?:er)?|antwort(?:mail)?)\s*(?:[:\-–—\])]|$|from\b|to\b|re:|aus\b|von\b)
\[?(?:ooo|oof|autoreply|autoresponder|autoresponse)\]?\s*: | \[?auto\]?\s*: re: | automated (?:response|reply)
\(?out[ -]of[ -](?:the )?office\)?(?:\s+(?:auto)?-?\s?(?:re(?:ply|sponse)|notification|message|notice))?\s*(?:[:\-–—\])(]|$|re:|until\b|from\b)
.{2,60} (?:is|will be) (?:currently )?out of (?:the )?office\s*(?:[.(:!]|$|until\b|returning\b|back\b)
vacation (?:message|reply|notice|notification|response|auto-?reply)\b | (?:automatische?r?|autom\.) (?:antwort(?:mail)?|rückantwort|eingangsbestätigung|abwesenheits\w*)\b | auto-?antwort | automatisch antwoord
abwesenheits(?:notiz|benachrichtigung|meldung|nachricht|assistent|info\w*|agent)\b | urlaubs(?:notiz|meldung|benachrichtigung|nachricht)\b
.{2,60} (?:ist|bin) (?:derzeit |zur zeit |momentan |zurzeit )?(?:ausser haus|nicht im (?:büro|hause?))\s*(?:[.(:!]|$|bis\b|ab\b|vom\b) | ausser haus\s*(?:[:\-–—(]|$|bis\b|vom\b)
réponse automatique\b | message automatique\b | absence (?:du bureau|de courrier)\b | accusé (?:de )?réception automatique | message d'absence\b
respuesta autom[áa]tica\b | auto-?respuesta\b | fuera de (?:la )?oficina\s*(?:[:\-–—(]|$|hasta\b|re:)
risposta automatica\b | risponditore automatico\b | fuori (?:sede|ufficio)\s*(?:[:\-–—(]|$|fino\b) | assenza dall'ufficio
resposta autom[áa]tica\b | fora do escritório\s*(?:[:\-–—(]|$|até\b) | ausência (?:temporária|do escritório)\b | ausente do escritório
afwezigheids\w+\b | auto(?:matiskt?|-)?\s?(?:svar|frånvaromeddelande)\b | frånvaromeddelande | fravær(?:smelding|sbesked)\b
automaattinen (?:vastaus|poissaoloilmoitus)\b | poissaoloilmoitus\b | automatická odpove?[ďě]\w*\b | automatická odpověď\b | automatyczna odpowiedź\b | odpowiedź automatyczna\b | autoodpowiedź\b
mimo kancelář\w*\b | automatikus válasz\b | (?:irodán|házon) kívül\b | răspuns automat\b | otomatik (?:yanıt|cevap)\b | ofis dışında\w*\b | автоматическ(?:ий|ое) (?:ответ|сообщение|уведомление)\b | автоответ(?:чик)?\b | автоматична відповідь\b | нет на месте\b | вне офиса\b
自動(?:応答|返信|回覆|回复) | 不在(?:通知|のお知らせ|連絡) | 自动(?:答复|回复|应答) | 부재중(?: 자동 ?(?:회신|응답))? | 자동 ?(?:회신|응답) | αυτόματη απάντηση | εκτόσ γραφείου | תשובה אוטומטית | מענה אוטומטי | (?:رد|الرد) (?:تلقائي|آلي|التلقائي)
(?:ārpus|arpus) biroja\b.{0,60}\b(?:atbilde|atbildi)\b | automatiska atbilde | yahoo! (?:来信)?(?:自动回复|auto response) | trả lời tự động | balasan otomatis | automatski odgovor | samodejni odgovor | автоматичен отговор | automatinis atsakymas | automātiskā atbilde | automaatvastus | resposta automàtica | erantzun automatikoa
return receipt \((?:displayed|dispatched|processed|denied|failed|deleted)\) | \S.{0,200} - new (?:support )?ticket opened$ | ticket received\s*[:\-–—]
"""

_ANSWERED_PERHAPS = r"""
\[?auto\]?\s*: | .{2,60} (?:is|will be) (?:currently )?on (?:vacation|holiday|annual leave|leave)\s*(?:[.(:!]|$|until\b|returning\b|back\b)
(?:on|away on) (?:vacation|holiday|annual leave|parental leave|leave)\s*(?:[:\-–—(]|$|until\b|from\b|re:) | (?:holiday|absence) (?:message|reply|notice|notification|response|auto-?reply)\b
(?:vacation|absence|absent)\s*(?:[:\-–—(]|$|until\b) | away from (?:my )?(?:mail|e-?mail|desk|office)\b | away (?:message|notice)\b | i(?:'| a)?m (?:away|out of (?:the )?office|on (?:vacation|holiday|leave))\s*(?:[:.(\-–—]|$|until\b|re:)
(?:thank you|thanks) for (?:your (?:e-?mail|message|inquiry|enquiry|mail|request)|contacting\b.{0,60}) ?(?:[:!.\[(]|$) | (?:we(?: have)?|we've) received your (?:e-?mail|message|request|inquiry|enquiry)
(?:your )?(?:message|e-?mail|mail|request|inquiry|ticket) (?:has been )?(?:received|acknowledg(?:e?ment|ed)|receipt)\s*(?:[:.!\-–—(\[]|$) | acknowledge?ment(?: of receipt)?\s*[:\-–—] | receipt of your (?:e-?mail|message)
abwesenheit\s*(?:[:\-–—(]|$|bis\b|vom\b) | abwesend\s*(?:[:\-–—(]|$|bis\b|vom\b) | urlaubsinfo\w*\b | .{2,60} (?:ist|bin) (?:derzeit |zur zeit |momentan |zurzeit )?(?:im urlaub|abwesend)\s*(?:[.(:!]|$|bis\b|ab\b|vom\b)
(?:nicht im (?:büro|hause?)|im urlaub)\s*(?:[:\-–—(]|$|bis\b|vom\b) | vielen dank für ihre (?:e-?mail|nachricht|anfrage)\s*(?:[:!.\[(]|$)
(?:ihre|deine) (?:e-?mail|nachricht|anfrage)(?: an .{1,60})?(?: ist)?(?: bei uns)? (?:eingegangen|erhalten)\b | eingangsbestätigung\b | empfangsbestätigung\s*(?:[:\-–—(]|$)
absente?(?: du bureau)?\s*(?:[:\-–—(]|$|jusqu\w*|du\b) | .{2,60} (?:est|sera) absente? .{0,40}$ | accusé (?:de )?réception\s*(?:[:\-–—(]|$) | en congés?\s*(?:[:\-–—(]|$|jusqu) | (?:nous avons bien reçu|merci (?:pour|de)) votre (?:message|courriel|e-?mail|mail)\s*(?:[:!.\[(]|$)
ausente\s*(?:[:\-–—(]|$|hasta\b|até\b) | (?:estoy )?de vacaciones\s*(?:[:\-–—(]|$|hasta\b) | acuse de recibo\s*(?:[:\-–—(]|$) | assen(?:te|za)\s*(?:[:\-–—(]|$|fino\b) | in ferie\s*(?:[:\-–—(]|$|fino\b) | (?:estou )?de férias\s*(?:[:\-–—(]|$|até\b)
afwezig(?:heid)?\s*(?:[:\-–—(]|$|tot\b) | niet aanwezig\s*(?:[:\-–—(]|$|tot\b) | ontvangstbevestiging\s*(?:[:\-–—(]|$) | frånvaro\s*(?:[:\-–—(]|$) | fravær\s*(?:[:\-–—(]|$|til\b) | ikke til stede\s*(?:[:\-–—(]|$) | jag är (?:på semester|inte på kontoret)\s*(?:[:.\-–—(]|$)
(?:your |new |the )?(?:support |service )?(?:ticket|case|request|incident|issue)\b.{0,100}\b(?:received|created|opened|registered|logged|submitted)\b | (?:we(?: have)?|we've) (?:received|got) your\b
(?:ihr|dein|neues)? ?(?:ticket|vorgang|fall)\b.{0,60}\b(?:eröffnet|angelegt|erstellt|eingegangen|erhalten)\b | wir haben ihre (?:anfrage|nachricht|e-?mail) erhalten | lesebestätigung\s*[:\-–—]
votre (?:demande|ticket|message|requête)\b.{0,60}\b(?:enregistrée?|reçue?|créée?|prise? en compte)\b | hemos recibido (?:su|tu)\b | (?:su|tu) (?:solicitud|ticket|consulta)\b.{0,60}\b(?:recibid|cread|registrad)[oa]\b
abbiamo ricevuto (?:la|il) (?:tu|su|vostr)[ao]\b | recebemos (?:a sua|sua|o seu|seu)\b | (?:wij|we) hebben (?:uw|je|jouw) \w+ ontvangen | uw (?:bericht|aanvraag|ticket|vraag)\b.{0,40}\bontvangen\b
potwierdzenie (?:otrzymania|przyjęcia)\b | vi har (?:tagit emot|mottagit|mottatt|modtaget) (?:ditt|din|dit|er|ert|deres)\b | olemme vastaanottaneet\b | мы получили (?:ваше|ваш)\b | (?:ваше обращение|ваша заявка)\b.{0,60}\b(?:принят|зарегистрирован)
(?:.{2,60} )?(?:is )?no longer (?:with|at|employed|working|an employee)\b | .{0,40}(?:address|mailbox|account) is (?:no longer|not) (?:monitored|in use|active|valid|used)\b | .{0,40}(?:ist )?nicht mehr (?:im unternehmen|bei uns)\b | .{0,40}adresse (?:ist )?nicht mehr (?:aktiv|gültig|in betrieb)\b
poissa(?:olo|\ toimistolta)\s*(?:[:\-–—(]|$) | nieobecność\s*(?:[:\-–—(]|$|w biurze) | 外出\s*:
"""

_ASKED = r"""
.{0,40}(?:please )?(?:confirm|verify|authenticate|validate) (?:that you sent|your (?:e-?mail|message|mail|identity as a sender|address to deliver)|you are (?:human|a person|not a spammer))
.{0,40}(?:e-?mail|message|mail|sender) (?:requires?|needs?|awaits?|awaiting|pending) (?:your )?(?:verification|confirmation|authentication|approval|authorization)
.{0,30}verification required (?:for|to deliver) | .{0,30}sender (?:verification|confirmation|authentication)\b | \[?(?:anti-?spam|spam (?:filter|challenge|blocker))\]? .{0,60}(?:confirm|verify|verification)
.{0,30}(?:bitte )?bestätigen sie (?:ihre (?:e-?mail|nachricht|absenderadresse)|dass sie) | .{0,30}confirmez (?:votre (?:message|envoi|adresse)|que vous) | .{0,30}confirme (?:su|o envio d[ae] su?[ae]|el envío de su|seu) (?:mensaje|correo|e-?mail|mensagem)
"""

_WATCHED = r"""
cron <\w[^>]*@[^>]+> | logwatch for | anacron job | \*\* ?(?:problem|recovery|acknowledgement|flapping\w*|downtime\w*) (?:service|host)?\ ?(?:alert|notification)?
\[?(?:firing|resolved|alerting|ok|no data)(?::\d+)?\][: ] | (?:problem|resolved|recovery)(?: in [^:]{1,20})?: \S | monit alert\b | (?:monitor is (?:down|up)|(?:down|up) alert): | smart error\b | degradedarray event | fail event on /dev
\[?(?:checkmk|check_mk|zabbix|nagios|icinga2?|prtg|uptime kuma|pingdom|grafana|prometheus|datadog|statuscake)\]?\b[^?]*(?:alert|alarm|down|up|problem|critical|warning|ok|recover\w*|resolved)\b
"""

_REPORTED = r"""
report domain: \S+ submitter: | \[?preview\]? report domain: | dmarc (?:aggregate |failure )?report\b | (?:abuse|fbl|spam|feedback) (?:loop )?(?:report|complaint)\b | complaint about (?:message|email) from | (?:e-?mail )?feedback report for (?:ip|domain)
"""


_WITHHELD = r"""
banned contents? (?:from you|\() | virus \([^)]*\) in mail from you | .{0,40}considered unsolicited bulk e-?mail, apparently from you | (?:bad header|spam) .{0,40}(?:from you|apparently from you)
warning: e-?mail viruses detected | \S.{0,40} (?:detected and|has) quarantined a virus in a message you sent
scanmail message: to sender | mailmarshal has (?:been unable|blocked|stopped|detected|quarantined) | (?:symantec|norton|mcafee|trend|sophos|kaspersky|avast|panda)\b.{0,40} (?:detected|found|quarantined|removed|blocked)\b.{0,60}\b(?:message|mail|e-mail) you sent
(?:your )?(?:message|e-?mail|mail) (?:was |has been )?(?:quarantined|held) by (?:the |our )?(?:content|mail|spam|virus) ?(?:filter|scanner|gateway)
"""

_TAILED = r""".*: (?:non remis|undeliverable|unzustellbar|not delivered)\s*\((?:delivery failed|undeliverable|failed)\)$"""


def _of(lines: str) -> re.Pattern[str]:
    """One expression of all the alternatives; blanks around a bar and line ends are layout."""
    parts = [part.strip() for line in lines.strip().splitlines() for part in re.split(r" \| ", line)]
    return re.compile("(?:[\\[(*]+[^\\])*]{1,30}[\\])*]+:? )?(?:" + "|".join(p for p in parts if p) + ")")


BOUNCED = _of(_BOUNCED)
"""A mail couldn't be delivered, or not yet."""
WITHHELD = _of(_WITHHELD)
"""A filter kept a mail from its recipient."""
TAILED = re.compile(_TAILED)
"""The same, behind the subject of the mail that it is about."""
REFUSED = re.compile(
    r"^\W{0,12}(?:(?:received|error|reason|said|response|diagnostic\S*|status|smtp)\b[^\n]{0,30}?)?[45]\d\d[ -](?:[45]\.\d{1,3}\.\d{1,3}|[a-z<-])"
    r"|\b(?:user|recipient|mailbox|address) (?:is )?(?:unknown|not found|full)\b|(?:said|error|with)\W{1,4}[45]\d\d[ -]"
    r"|: [45]\d\d [45]\.\d{1,3}\.\d{1,3}",
    re.IGNORECASE | re.MULTILINE,
)
"""A mail server's refusal, as a mail system writes it down."""
GREETED = re.compile(
    r"\s*(?:hello|hi|hey|dear|good (?:morning|afternoon|day)|hallo|guten (?:tag|morgen|abend)|sehr geehrte|liebe[rs]?|moin|servus|bonjour"
    r"|madame|monsieur|hola|estimad[oa]|buenos|ciao|buongiorno|gentile|salve|ol[aá]|prezad|beste|geachte|goede|hej|god dag|dzień dobry|szanown)\b(?!\. this is)",
    re.IGNORECASE,
)
"""How people begin."""
ANSWERED = _of(_ANSWERED)
"""Somebody isn't there, in the words of programs that say so."""
ANSWERED_PERHAPS = _of(_ANSWERED_PERHAPS)
"""Somebody isn't there, or something says that it has a mail, in words that people use as well."""
ASKED = _of(_ASKED)
"""Challenge-response: whoever wrote is to prove that they are a person."""
WATCHED = _of(_WATCHED)
"""A machine says how it is, or another one."""
REPORTED = _of(_REPORTED)
"""One mail system reports to another."""

DAEMONS = re.compile(
    r"(?:mailer|mail|maildelivery|smtp|delivery)[-_.]?d(?:ae|e)mon|mdaemon|robot-?postman|microsoftexchange[0-9a-f]{20,}|double-bounce|mmdf"
    r"|mail-?delivery(?:-?sub)?-?system|bounce[-_.]?(?:handler|notification|system)|undeliver(?:ed|able)|mailrouter|mail-router"
)
"""Local parts from which only bounces come."""
FILTERS = re.compile(
    r"\bmailscanner\b|anti-?virus|virus-?scan|\bcontent (?:filter|security)|\bspam-?(?:filter|schutz)|mail ?(?:gateway|filter)|webshield"
)
"""Display names of what stands before mail systems."""
LABELLED = re.compile(
    r"^[\s|*>-]{0,12}(to|recipient|subject|date|sender|from|an|betreff|datum|von|à|sujet|objet|date|de|a|para|asunto|fecha|oggetto|data|assunto|naar|aan|onderwerp"
    r"|till|ämne|til|emne|dato|komu|předmět|predmet|dátum|cimzett|címzett|targy|tárgy|od|temat|do|кому|тема|дата)\s{0,12}:",
    re.IGNORECASE | re.MULTILINE,
)
"""What a filter says of the mail that it kept: a list of its fields."""
POSTMASTERS = re.compile(
    r"post[-_.]?master.*|.*(?:smtp|anti[-_]?virus|mail-?gateway|inetgw|mailgw|imss).*|hostmaster|mail-?admin(?:istrator)?|admin(?:istrator)?|system|mailsystem|smtpd?|mx|mta|mailgate(?:way)?|mailserver"
    r"|mail|mailer|mailsrv|mfilter|mailmarshal|ironmail|navmse|smtpgate|.+-sa|bounces?|amavis\w*|spamfilter|quarantine|virus\w*|gwise|groupwise|lotus|domino|exchange|root|nobody|delivery|dsn|ndr"
)
"""Local parts that bounces come from, and at times people."""
MAIL_SYSTEMS = re.compile(
    r"post[-_.]?master\d*|mailer|mailsystem|.*smtp.*|mail-?gateway|mailgw|imss|mailsrv|dsn|ndr|bounces?|mail-?admin"
)
"""Those of them that hardly anybody reads and writes from."""
NAMES = re.compile(
    r"mail delivery (?:sub)?system|mail ?delivery|(?:the )?(?:mail|post) ?(?:router|office|system)|system ?administrator|administrateur (?:système|du système)"
    r"|administrador del sistema|mail administrator|mailer[- ]daemon|postmaster|internet mail delivery|microsoft outlook|mailadministrator|message delivery (?:agent|system)"
)
"""Display names of mail systems."""
UNANSWERED = re.compile(
    r"(?:.*[-_.+])?(?:no|not?|never|dont|do-?not|donot|please-?do-?not)[-_.]?(?:reply|respond|answer|response|replies)(?:[-_.+]?\w*)?"
    r"|(?:.*[-_.])?(?:nicht[-_.]?antworten|keine[-_.]?antwort|bitte[-_.]?nicht[-_.]?antworten|ne[-_.]?pas[-_.]?repondre|nepasrepondre|no[-_.]?responder|non[-_.]?rispondere"
    r"|nao[-_.]?responda|nao[-_.]?responder|geen[-_.]?antwoord|niet[-_.]?antwoorden|svara[-_.]?inte|svar[-_.]?ikke|ei[-_.]?vastausta|nie[-_.]?odpowiadaj|neodpovidat|unattended|noreply|noreplay)(?:[-_.+]?\w*)?"
    r"|spamblocker.*|.+-challenge|notifications?|notify|alerts?|mailings?|newsletters?|autoresponder|auto[-_.]?(?:reply|responder|confirm)|calendar-notification|(?:.*[-_.])?bounces?|robot|mailbot"
)
"""Local parts that say of themselves that nobody reads what is sent to them."""
MONITORS = re.compile(
    r"nagios\d*|icinga2?|zabbix|monit|munin|logwatch|alertmanager|prometheus|grafana|anacron|cron(?:d|daemon)?|uptimerobot|checkmk|check_mk|prtg|sensu|smartd|mdadm|netdata|apcupsd|fail2ban|crowdsec|rkhunter|freshclam|unattended-upgrades|bacula|backup(?:s|pc)?|veeam|proxmox|idrac|nas\d*|diskstation|voice-?mail|fax(?:-?server|2mail)|wordpress"
)
"""Local parts of programs that watch machines."""
SERVERS = re.compile(
    r"majordomo|mailman|sympa|listserv|listproc|ezmlm|mlmmj|owner-.+|.+-(?:bounces|errors|return|confirm|subscribe|unsubscribe)|listmaster"
    r"|.+\+(?:owner|bounces?-?\w*|subscribe|unsubscribe|confsub|moderate)(?:-\w+)*"
)
"""Local parts of list servers."""
SERVERS_PERHAPS = re.compile(r".+-(?:owner|request|admin)")
"""Local parts of theirs that offices have as well: office-admin@, quote-request@."""
LIST_TITLED = re.compile(
    r".{0,60}(?:\b(?:un)?subscri(?:be|ption)|\bconfirm [0-9a-f]{8,}|\bdigest (?:v\d|vol\b|#|number|no\b)|\berrata alert|\bmoderator (?:request|approval)"
    r"|\bmailing list|\blist memberships? reminder|\bgoodbye from |\bpost(?:ing)? to \S+@|\bloop alert|\bmajordomo)|welcome to (?:\S+$|the \S+ (?:mailing )?list\b)"
)
"""What list servers write of: themselves."""
ANSWERED_BEFORE = re.compile(
    r"(?:re|aw|antw(?:ort)?|sv|vs|vá|odp|ynt|ref|res|rif|回复|答复|回覆|返信|fw|fwd|wg|wtr|tr|rv|enc|i|pd|vl|vb|továbbítás|转发|轉寄|転送)\s*(?:\[\d+\]|\(\d+\))?\s*[::]"
)
"""What people's programs put before the subject that they answer or forward."""
