"""How mail programs of some twenty languages introduce what they repeat. Tables; `folding` uses them."""

from __future__ import annotations

import re

ORIGINAL = re.compile(
    r"[\s>*]*[-_=]{2,}\s*(?:original (?:message|appointment|e-?mail)|reply message"
    r"|urspr(?:ü|ue)ngliche (?:nachricht|e-?mail)|message d['’]origine|mensaje original|messaggio originale"
    r"|mensagem original|oorspronkelijk bericht|ursprungligt meddelande|oprindelig meddelelse|opprinnelig melding"
    r"|alkuperäinen viesti|pôvodná správa|původní zpráva|wiadomość oryginalna|eredeti üzenet|исходное сообщение"
    r"|özgün ileti|原始邮件|元のメッセージ)\s*[-_=]{2,}\s*$",
    re.IGNORECASE,
)
FORWARDED = re.compile(
    r"[\s>*]*(?:[-_=]{2,}\s*(?:forwarded|weitergeleitete|message transféré|mensaje reenviado|messaggio inoltrato"
    r"|mensagem encaminhada|doorgestuurd|vidarebefordrat|videresendt|přeposlaná|przekazana|пересылаемое)"
    r"|begin forwarded message|anfang der weitergeleiteten|début du message (?:réexpédié|transféré)"
    r"|inicio del mensaje reenviado)",
    re.IGNORECASE,
)
FORWARD_SUBJECT = re.compile(
    r"\s*(?:fwd?|wg|tr|rv|enc|vb|vs|vl|i|fs|pd|wtrlt|doorst|转发|轉寄)\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE
)
WROTE = re.compile(
    r"(?:\b|(?<=>))(?:wrote|writes|schrieb|schrieben|écrit|ecrit|escribió|escribio|ha scritto|scrisse|escreveu"
    r"|schreef|skrev|kirjoitti|napsal(?:\(a\)|a)?|napísal(?:\(a\)|a)?|napisał(?:\(a\)|a)?|pisze|írta|scris"
    r"|написал(?:\(а\)|а)?|пишет|написав|έγραψε|yazdı|tarihinde)(?!\w)|写道|寫道|님이 작성|のメッセージ|書きました",
    re.IGNORECASE,
)
BEGINS = re.compile(
    r"(?:on|am|le|el|il|em|op|den|dne|dňa|dnia|w dniu|at|vào|στις|\d{1,4}[./年-]|в|"
    r"(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so|lun|mar|mer|jeu|ven|sam|dim|пн|вт|ср|чт|пт|сб|вс)[a-zé]*[.,])\s?",
    re.IGNORECASE,
)
"""How a line begins that says who wrote the quote beneath it, and when."""
LABEL = re.compile(r"[\s>|*]*\*?([^\W\d_][^:：\n]{0,22}?)\s*\*?\s*[:：]\*?(?:\s|$)")
FROM = {
    "from", "von", "de", "da", "van", "från", "fra", "lähettäjä", "od", "feladó", "от", "από", "kimden", "发件人",
    "寄件者", "差出人", "보낸 사람", "expéditeur", "remitente", "mittente", "absender", "od koho", "de la",
}  # fmt: skip
LABELS = FROM | {
    "sent", "date", "to", "cc", "bcc", "subject", "reply-to", "importance", "gesendet", "datum", "an", "betreff",
    "kopie", "antwort an", "envoyé", "à", "objet", "cc à", "enviado", "enviado el", "fecha", "para", "asunto",
    "inviato", "data", "a", "oggetto", "assunto", "enviada em", "verzonden", "aan", "onderwerp", "skickat", "till",
    "ämne", "sendt", "til", "emne", "lähetetty", "vastaanottaja", "aihe", "odesláno", "komu", "předmět", "wysłano",
    "do", "temat", "dw", "küldve", "címzett", "tárgy", "отправлено", "дата", "кому", "копия", "тема", "gönderme",
    "tarih", "kime", "konu", "发送时间", "收件人", "主题", "抄送", "日期", "送信日時", "宛先", "件名", "보낸 날짜",
    "받는 사람", "제목", "gesendet am", "sent on",
}  # fmt: skip
BARE_TO = {"to", "an", "à", "para", "a", "aan", "till", "til"}
BARE_COPY = {"cc", "kopie", "copie", "copia", "kopia"}
BARE_SUBJECT = {
    "subject",
    "betreff",
    "thema",
    "objet",
    "asunto",
    "oggetto",
    "assunto",
    "onderwerp",
    "ämne",
    "emne",
}
"""Labels as Notes writes them: alone, their values beneath."""
GROUPWISE = re.compile(r">>> ?[^\n]{0,100}\d{1,2}[./-]\d{1,2}[./-]\d{2,4}[^\n>]{0,30}>>>\s*")
"""How GroupWise introduces what it repeats; it doesn't mark its lines."""
SENT_FROM = re.compile(
    r"\s*\*?(?:sent (?:from|with|via|using)|get outlook for|gesendet (?:von|mit)|von meinem \S+(?: \S+)? gesendet"
    r"|diese nachricht wurde von meinem|outlook für \S+ (?:beziehen|herunterladen)|holen sie sich outlook"
    r"|envoyé (?:de|depuis|à partir)|télécharger outlook|enviado (?:desde|do|a partir)|obtener outlook|inviato da"
    r"|scarica outlook|ottieni outlook|verzonden (?:vanaf|met|via)|verstuurd vanaf|skickat från|sendt fra"
    r"|hent outlook|lähetetty|odesláno z|wysłano z|отправлено (?:с|из)|iphone'umdan|iphone から|从我的|发自我的)"
    r"(?!\w).{0,80}$",
    re.IGNORECASE,
)
