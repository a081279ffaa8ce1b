//! A client that writes in every way there is, and remembers what was acknowledged.

use serde_json::{Value, json};

use super::promise::{Promise, entry, event, no_entry, now, version};
use crate::kills::post;

/// The keys of those who play a part.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// Owns practices and offices (UZB).
    pub owner: String,
    /// Publishes.
    pub desk: String,
    /// Reads what is shared with it by name (TUR).
    pub reader: String,
}

/// Why something was not acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trouble {
    /// The server said no, with a code.
    Refused(String),
    /// No answer came.
    Gone,
}

/// The client, its server, and what it was promised.
#[derive(Debug)]
pub struct Clerk<'a> {
    address: &'a str,
    keys: &'a Keys,
    /// The file of the database.
    database: &'a str,
    pub promises: Vec<Promise>,
    /// What was published last, and not withdrawn.
    shared: Option<(String, String)>,
}

impl<'a> Clerk<'a> {
    pub fn new(address: &'a str, keys: &'a Keys, database: &'a str) -> Self {
        Self { address, keys, database, promises: Vec::new(), shared: None }
    }

    /// A practice from its draft to its withdrawal, read by a party on its way, and an office from its opening to its
    /// erasure. Ends with the first step that is not acknowledged.
    pub fn round(&mut self, name: &str) -> Result<(), Trouble> {
        let id = self.draft(name)?;
        self.revise(&id, name)?;
        self.submit(&id, 2)?;
        self.publish(&id, 2)?;
        self.shared = Some((id.clone(), name.to_owned()));
        self.read(&id, name)?;
        let office = self.open_office(name)?;
        self.move_office(&office, name)?;
        self.shared = None;
        self.withdraw(&id, 2)?;
        self.erase_office(&office)
    }

    /// A new draft.
    pub fn draft(&mut self, name: &str) -> Result<String, Trouble> {
        let input = json!({ "idempotencyKey": name, "content": content(&format!("{name} at first")) });
        let id = self.write(&self.keys.owner, "draftGoodPractice", "goodPractice", &input)?;
        self.promised(version(&id, &format!("{name} at first")));
        self.promised(event(&id, "DRAFTED", "UZB"));
        Ok(id)
    }

    fn revise(&mut self, id: &str, name: &str) -> Result<(), Trouble> {
        let input = json!({ "id": id, "ifVersion": 1, "content": content(&format!("{name} at last")) });
        self.write(&self.keys.owner, "reviseGoodPractice", "goodPractice", &input)?;
        self.promised(version(id, &format!("{name} at last")));
        Ok(())
    }

    fn submit(&mut self, id: &str, saw: u32) -> Result<(), Trouble> {
        let input = json!({ "id": id, "ifVersion": saw, "audience": { "level": "NAMED_PARTIES", "parties": ["TUR"] } });
        self.write(&self.keys.owner, "submitGoodPractice", "goodPractice", &input)?;
        self.promised(event(id, "SUBMITTED", "UZB"));
        Ok(())
    }

    fn publish(&mut self, id: &str, saw: u32) -> Result<(), Trouble> {
        self.write(&self.keys.desk, "publishGoodPractice", "goodPractice", &json!({ "id": id, "ifVersion": saw }))?;
        self.promised(event(id, "PUBLISHED", "ICMPD"));
        Ok(())
    }

    /// What is shown must be noted.
    fn read(&mut self, id: &str, name: &str) -> Result<(), Trouble> {
        let query = "query($id: ID!) { node(id: $id) { ... on GoodPractice { title summary } } }";
        let answer = self.ask(&self.keys.reader, &json!({ "query": query, "variables": { "id": id } }))?;
        if answer["data"].to_string().contains(name) {
            self.promised(event(id, "READ_RESTRICTED", "TUR"));
            return Ok(());
        }
        Err(Trouble::Refused(code(&answer)))
    }

    /// Reads what is shared still, if there is something.
    pub fn read_again(&mut self) -> Result<(), Trouble> {
        self.shared.clone().map_or(Ok(()), |(id, name)| self.read(&id, &name))
    }

    fn withdraw(&mut self, id: &str, saw: u32) -> Result<(), Trouble> {
        self.write(&self.keys.owner, "withdrawGoodPractice", "goodPractice", &json!({ "id": id, "ifVersion": saw, "reason": "It ended." }))?;
        self.promised(event(id, "WITHDRAWN", "UZB"));
        Ok(())
    }

    fn open_office(&mut self, name: &str) -> Result<String, Trouble> {
        let id = self.write(&self.keys.owner, "saveContactPoint", "contactPoint", &office(&format!("{name} office")))?;
        self.promised(entry(&id, &format!("{name} office")));
        Ok(id)
    }

    fn move_office(&mut self, id: &str, name: &str) -> Result<(), Trouble> {
        let mut input = office(&format!("{name} moved"));
        input["id"] = json!(id);
        input["ifVersion"] = json!(1);
        self.ends(id);
        self.write(&self.keys.owner, "saveContactPoint", "contactPoint", &input)?;
        self.promised(entry(id, &format!("{name} moved")));
        Ok(())
    }

    fn erase_office(&mut self, id: &str) -> Result<(), Trouble> {
        self.ends(id);
        self.write(&self.keys.owner, "eraseContactPoint", "erased", &json!({ "id": id, "ifVersion": 2 }))?;
        self.promised(no_entry(id));
        Ok(())
    }

    /// From now on, what was said of an office may be true no more.
    fn ends(&mut self, id: &str) {
        let (now, of_it) = (now(), format!("FROM entry WHERE id = '{id}'"));
        self.promises.iter_mut().filter(|promise| promise.until.is_none() && promise.holds.contains(&of_it)).for_each(|promise| promise.until = Some(now));
    }

    fn promised(&mut self, holds: String) {
        self.promises.push(Promise::now(self.database, holds));
    }

    /// Calls a mutation; the id of what it was done to.
    fn write(&self, key: &str, mutation: &str, field: &str, input: &Value) -> Result<String, Trouble> {
        let name = mutation[..1].to_uppercase() + &mutation[1..];
        let selection = if field == "erased" { "erased" } else { &format!("{field} {{ id }}") };
        let query = format!("mutation($input: {name}Input!) {{ done: {mutation}(input: $input) {{ {selection} errors {{ code message }} }} }}");
        let answer = self.ask(key, &json!({ "query": query, "variables": { "input": input } }))?;
        let done = &answer["data"]["done"];
        let is_done = done["errors"].as_array().is_some_and(Vec::is_empty);
        match (is_done, done[field]["id"].as_str(), done[field].as_bool()) {
            (true, Some(id), _) => Ok(id.to_owned()),
            (true, None, Some(true)) => Ok(String::new()),
            // What was done and cannot be shown is acknowledged, too; nobody is told so.
            _ => Err(Trouble::Refused(code(&answer))),
        }
    }

    /// Asks on a connection of its own.
    pub fn ask(&self, key: &str, body: &Value) -> Result<Value, Trouble> {
        post(self.address, key, body).ok_or(Trouble::Gone)
    }
}

fn content(title: &str) -> Value {
    json!({ "title": title, "summary": "Told under bad conditions.", "body": "A few words. ".repeat(60) })
}

fn office(name: &str) -> Value {
    json!({ "office": name, "function": "SINGLE_POINT_OF_CONTACT", "email": "office@example.org", "languages": ["EN"] })
}

/// The code of what went wrong.
fn code(answer: &Value) -> String {
    let of_user = answer["data"]["done"]["errors"][0]["code"].as_str();
    of_user.or(answer["errors"][0]["extensions"]["code"].as_str()).map_or_else(|| answer.to_string(), str::to_owned)
}
